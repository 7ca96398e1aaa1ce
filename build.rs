//! With feature `cuda`: the kernels' PTX, compiled by `nvcc` where there is one (`WIRECOST_NVCC`, or on the
//! PATH; an empty `WIRECOST_NVCC` asks for none), else as the repository has it. Nothing is downloaded.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

const SOURCES: &str = "src/tensor/kernel/cuda";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    println!("cargo:rerun-if-changed={SOURCES}");
    println!("cargo:rerun-if-env-changed=WIRECOST_NVCC");
    println!("cargo:rerun-if-env-changed=PATH");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join(SOURCES);
    let asked = env::var("WIRECOST_NVCC").ok();
    let nvcc = asked.clone().unwrap_or_else(|| "nvcc".into());
    let there = !nvcc.is_empty() && Command::new(&nvcc).arg("--version").output().is_ok();
    let ptx = match (there, asked.as_deref()) {
        (true, _) => compile(&nvcc, &root.join("kernels.cu")),
        (false, None | Some("")) => root.join("kernels.ptx.gz"),
        (false, Some(nvcc)) => panic!("WIRECOST_NVCC={nvcc} cannot be run; name an nvcc, or unset it"),
    };
    println!("cargo:rustc-env=WIRECOST_PTX={}", ptx.display());
}

/// PTX for sm_80, which drivers compile further for what they find.
fn compile(nvcc: &str, source: &Path) -> PathBuf {
    let ptx = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("kernels.ptx");
    let output = Command::new(nvcc).args(["-ptx", "-arch=sm_80", "-o"]).arg(&ptx).arg(source).output();
    let output = output.expect("nvcc has just run");
    assert!(
        output.status.success(),
        "{nvcc} does not compile the kernels (an empty WIRECOST_NVCC takes those of the repository):\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    ptx
}
