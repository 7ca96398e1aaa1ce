//! Searches as a user runs them: the same files at any number of threads, and nothing overwritten.

use std::{collections::BTreeMap, fs, path::Path, process::Command};
use wirecost::{
    run::RunFolder,
    search::{Config, Method, dsnas::alpha_gradient},
};

fn search(out: &Path, threads: usize, flags: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    command.args(["search", "--quiet", "--threads", &threads.to_string(), "--out"]).arg(out).args(flags);
    command.output().unwrap()
}

/// Every file but the two that tell of the clock and the machine.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), fs::read(&path).unwrap()));
    named.filter(|(name, _)| name != "timing.jsonl" && name != "machine.json").collect()
}

#[test]
fn a_seed_gives_the_same_bytes_at_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    for method in ["dsnas", "darts"] {
        let flags = [
            "--method",
            method,
            "--data",
            "digits",
            "--epochs",
            "1",
            "--training-images",
            "96",
            "--search-images",
            "96",
        ];
        let runs = [1, 2, 3].map(|threads| {
            let out = folder.path().join(format!("{method}-{threads}"));
            let output = search(&out, threads, &flags);
            assert!(output.status.success(), "{output:?}");
            files(&out)
        });
        assert_eq!(runs[0].len(), 5, "{:?}", runs[0].keys());
        assert!(runs.iter().all(|run| *run == runs[0]), "{method}: threads change the result");
        let other = folder.path().join(format!("{method}-other"));
        search(&other, 2, &[&flags[..], &["--seed", "1"]].concat());
        assert_ne!(files(&other)["alpha.npy"], runs[0]["alpha.npy"]);
    }
}

#[test]
fn every_method_searches_and_its_folder_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for (name, method, title) in [
        ("snas", &["--method", "snas"][..], "SNAS, single level"),
        ("snas-bi", &["--method", "snas", "--level", "bi"], "SNAS, bi-level"),
        ("proxyless", &["--method", "proxylessnas"], "ProxylessNAS, bi-level"),
        (
            "proxyless-single",
            &["--method", "proxylessnas", "--level", "single", "--paths", "4"],
            "ProxylessNAS, single",
        ),
        ("random", &["--method", "random"], "uniform sampling"),
        ("unrolled", &["--method", "darts", "--unrolled", "true"], "DARTS, second order, bi-level"),
        ("darts", &["--method", "darts", "--level", "single"], "DARTS, first order, single level"),
    ] {
        let small = ["--data", "synthetic", "--epochs", "2", "--batch", "16", "--channels", "2"];
        let sets = ["--training-images", "32", "--search-images", "32"];
        let flags = [method, &small, &sets].concat();
        let runs = [1, 2].map(|threads| {
            let out = folder.path().join(format!("{name}-{threads}"));
            let output = search(&out, threads, &flags);
            assert!(output.status.success(), "{output:?}");
            out
        });
        assert_eq!(files(&runs[0]), files(&runs[1]), "{name}: threads change the result");
        let run = RunFolder::open(&runs[0]).unwrap();
        assert!(run.manifest.title.starts_with(title), "{}", run.manifest.title);
        let moved = run.alpha.index_axis(ndarray::Axis(0), 0) != run.alpha.index_axis(ndarray::Axis(0), 2);
        assert_eq!(moved, name != "random", "{name}");
    }
}

/// Edge 2 may be none or skip_connect, edge 4 is deleted, edge 0 fixed.
#[test]
fn edges_keep_to_their_operations() {
    use wirecost::operation::Operation;
    let folder = tempfile::tempdir().unwrap();
    for method in ["dsnas", "darts", "snas", "proxylessnas", "random"] {
        let out = folder.path().join(method);
        let sets = ["--training-images", "64", "--search-images", "32", "--batch", "16", "--channels", "2"];
        let edges = ["--edge", "2=none,skip_connect", "--edge", "4=", "--edge", "0=sep_conv_3x3"];
        let flags = [&["--method", method, "--data", "synthetic", "--epochs", "2"][..], &sets, &edges].concat();
        let output = search(&out, 2, &flags);
        assert!(output.status.success(), "{output:?}");
        let run = RunFolder::open(&out).unwrap();
        let may = |edge: usize, k: usize| match edge {
            0 => k == Operation::SepConv3x3.index(),
            2 => k < 2,
            4 => k == 0,
            _ => true,
        };
        assert!(run.costs.iter().all(|c| may(c.edge, c.operation)), "{method}");
        let p = run.probabilities(2);
        for ((edge, k), p) in p.indexed_iter() {
            assert_eq!(*p > 0.0, may(edge, k), "{method}, edge {edge}, operation {k}: {p}");
        }
        assert!(run.manifest.command.ends_with("--edge 0=sep_conv_3x3 --edge 2=none,skip_connect --edge 4="));

        for (rule, genotype) in [("largest", "Genotype(normal=["), ("darts-top-2", "normal_concat=range(2, 4)")] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
            let output = command.args(["derive", "--rule", rule, "--json"]).arg(&out).output().unwrap();
            let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert!(json["genotype"].as_str().unwrap().contains(genotype), "{json}");
            assert_eq!(json["edges"][4]["operation"], "none");
            assert_eq!(json["edges"][0]["operation"], "sep_conv_3x3");
            let output =
                Command::new(env!("CARGO_BIN_EXE_wirecost")).args(["derive", "--rule", rule]).arg(&out).output();
            let text = String::from_utf8(output.unwrap().stdout).unwrap();
            assert!(text.starts_with("Genotype(normal=[") && text.contains("4: 2 → 3"), "{text}");
        }
    }
}

#[test]
fn a_preset_is_resolved_with_its_size() {
    let run = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
        let output = command.args(["search", "--dry-run", "--out", "nowhere"]).args(flags).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        (toml::from_str::<Config>(&text).unwrap(), text)
    };
    let (config, text) = run(&["--preset", "fig02", "--epochs", "7"]);
    assert_eq!(config, Config { epochs: 7, ..Config::quick_dsnas() });
    assert!(text.starts_with("# parameters: θ ") && text.contains("α 40; steps: 15 in each of 7 epochs"), "{text}");
    let (config, text) = run(&["--preset", "fig17b", "--scale", "standard"]);
    assert_eq!(config, wirecost::search::preset::preset("fig17b", wirecost::search::preset::Scale::Standard).unwrap());
    assert!(
        text.contains("# measured on cpu: ") && text.contains(" minutes in all") && text.contains("# memory: up to "),
        "{text}"
    );
    assert!(text.contains("[edges]") && text.contains("2 = [") && text.contains("α 24"), "{text}");
}

#[test]
fn the_manifest_s_command_makes_the_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    let cell = r#"{"nodes":4,"edges":[[0,2],[1,2],[2,3]],"output":[3]}"#;
    let flags = [
        "--method",
        "dsnas",
        "--data",
        "synthetic",
        "--epochs",
        "2",
        "--training-images",
        "40",
        "--batch",
        "16",
        "--cell",
        cell,
        "--norm",
        "group:2",
        "--affine",
        "true",
        "--alpha-betas",
        "0.9,0.99",
        "--seed",
        "3",
    ];
    assert!(search(&first, 2, &flags).status.success());
    let manifest = RunFolder::open(&first).unwrap().manifest;
    // No shell: the one quoted argument is the graph.
    let mut again = Vec::new();
    for (n, part) in manifest.command.split('\'').enumerate() {
        if n % 2 == 1 { again.push(part) } else { again.extend(part.split_whitespace()) }
    }
    assert_eq!(again[..2], ["wirecost", "search"]);
    let second = folder.path().join("second");
    assert!(search(&second, 2, &again[2..]).status.success());
    assert_eq!(files(&first), files(&second));
}

#[test]
fn a_run_folder_that_exists_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let output = search(folder.path(), 1, &["--method", "dsnas"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(folder.path().to_str().unwrap()) && message.lines().count() == 1, "{message}");
    assert_eq!(fs::read_to_string(folder.path().join("mine.txt")).unwrap(), "mine");
}

/// Σ_m of (δ_sm − p_m) C is 0: a step along it never changes all logits of an edge alike.
#[test]
fn the_dsnas_gradient_is_orthogonal_to_one() {
    use wirecost::operation::Operation;
    let logits = ndarray::array![[0.5, -1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0]];
    let mut costs = ndarray::Array3::zeros((2, 1, 8));
    costs[[0, 0, 3]] = 0.25;
    costs[[1, 0, 3]] = 0.5;
    let gradient = alpha_gradient(logits.view(), &[Operation::AvgPool3x3], costs.view());
    let total: f64 = logits.iter().map(|a: &f64| a.exp()).sum();
    for (m, g) in gradient.iter().enumerate() {
        let p = logits[[0, m]].exp() / total;
        let delta = if m == 3 { 1.0 } else { 0.0 };
        // A handful of roundings of numbers below 1.
        assert!((g - 0.75 * (delta - p)).abs() < 16.0 * f64::EPSILON, "operation {m}");
    }
    assert!(gradient.sum().abs() < 16.0 * f64::EPSILON);
}

#[test]
fn settings_come_from_a_file_and_a_misspelt_key_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("search.toml");
    let run = |text: &str, flags: &[&str]| {
        fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
        command.args(["search", "--dry-run", "--out", "nowhere", "--config"]).arg(&file).args(flags);
        command.output().unwrap()
    };
    let output = run("method = \"darts\"\nepochs = 3\nseed = 5\n", &["--epochs", "4"]);
    assert!(output.status.success(), "{output:?}");
    let resolved: Config = toml::from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!(resolved, Config { epochs: 4, seed: 5, ..Config::new(Method::Darts) });

    for (text, expected) in [
        ("method = \"darts\"\nepoch = 3\n", "unknown key 'epoch'"),
        ("method = \"dart\"\n", "unknown method 'dart'"),
        ("method = \"darts\"\nepochs = \"many\"\n", "expected usize"),
    ] {
        let output = run(text, &[]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(expected) && message.lines().count() == 1, "{message}");
    }
}

#[test]
fn the_temperature_falls_from_the_first_to_the_last() {
    let config = Config { epochs: 11, tau: 2.0, tau_min: 0.5, ..Config::new(Method::Snas) };
    let near = |a: f64, b: f64| (a - b).abs() <= 4.0 * f64::EPSILON * b;
    assert!(near(config.tau_at(0), 2.0) && near(config.tau_at(5), 1.0) && near(config.tau_at(10), 0.5));
}
