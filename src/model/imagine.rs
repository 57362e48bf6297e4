//! imagine
