//! Bounded reading of HDF5 files.
