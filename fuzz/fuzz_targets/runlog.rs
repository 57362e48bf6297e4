#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| oodscope_fuzz::runlog(input));
