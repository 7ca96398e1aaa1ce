//! Retraining: the derived cell and random ones, each a run of its own, resumed and never overwritten.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use wirecost::{
    architecture::{Rule, genotype},
    cell::Topology,
    operation::Operation,
    run::RunFolder,
    search::{
        Config, Level, Method,
        retrain::{Results, settings, trainings},
    },
};

fn wirecost(arguments: &[&str], out: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    command.args(arguments).args(["--quiet", "--out"]).arg(out).output().unwrap()
}

const SMALL: [&str; 10] = ["--epochs", "2", "--batch", "16", "--channels", "2", "--stem-channels", "4", "--cells", "1"];

fn results(out: &Path) -> Results {
    serde_json::from_slice(&fs::read(out.join("results.json")).unwrap()).unwrap()
}

#[test]
fn a_run_s_cell_beside_random_ones() {
    let folder = tempfile::tempdir().unwrap();
    let [run, out, again] = ["run", "out", "again"].map(|name| folder.path().join(name));
    let search = ["search", "--method", "dsnas", "--data", "synthetic", "--training-images", "64", "--search-images"];
    assert!(wirecost(&[&search[..], &["32"], &SMALL].concat(), &run).status.success());
    let retrain = ["retrain", run.to_str().unwrap(), "--seeds", "2", "--random", "2"];
    let flags = [&retrain[..], &SMALL].concat();
    let output = wirecost(&flags, &out);
    assert!(output.status.success(), "{output:?}");
    let found = results(&out);
    // The 96 synthetic images that the search had, less the 76 (four of five) that train.
    assert_eq!((found.images, found.cell.trainings.len(), found.random.trainings.len()), (20, 2, 2));
    let derived = RunFolder::open(&run).unwrap();
    let cell = Rule::Largest.derive(derived.alpha.index_axis(ndarray::Axis(0), 2), &Topology::minimal());
    assert_eq!(found.cell.trainings[0].genotype, genotype(&cell, &Topology::minimal()));
    assert_ne!(found.random.trainings[0].genotype, found.random.trainings[1].genotype);
    for tested in found.cell.trainings.iter().chain(&found.random.trainings) {
        let run = RunFolder::open(&out.join(&tested.name)).unwrap();
        let last = run.metrics.last().unwrap();
        assert_eq!((&*last.set, last.epoch, last.images, last.accuracy), ("test", 1, 20, tested.accuracy));
        assert!(run.manifest.note.contains("moving averages in tests"), "{}", run.manifest.note);
    }
    let mean = (found.cell.trainings[0].accuracy + found.cell.trainings[1].accuracy) / 2.0;
    assert_eq!(found.cell.mean, Some(mean));

    // Not overwritten; what is missing is made again, the same.
    let refused = wirecost(&flags, &out);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("already exists"));
    let plan = fs::read(out.join("retrain.json")).unwrap();
    fs::remove_file(out.join("results.json")).unwrap();
    fs::remove_dir_all(out.join("random-1")).unwrap();
    assert!(wirecost(&["retrain", "--resume"], &out).status.success());
    assert_eq!((results(&out), fs::read(out.join("retrain.json")).unwrap()), (found, plan));
    let other = wirecost(&[&flags[..], &["--resume", "--theta-lr", "0.1"]].concat(), &out);
    assert!(String::from_utf8_lossy(&other.stderr).contains("another retraining"));

    // A file with the cell does as well.
    let file = folder.path().join("cell.txt");
    fs::write(&file, genotype(&cell, &Topology::minimal())).unwrap();
    let data = ["--data", "synthetic", "--training-images", "64", "--seeds", "1", "--random", "0"];
    let flags = [&["retrain", "--genotype", file.to_str().unwrap()][..], &data, &SMALL].concat();
    let output = wirecost(&flags, &again);
    assert!(output.status.success(), "{output:?}");
    let found = results(&again);
    assert_eq!((found.random.mean, found.cell.standard_error), (None, None));
    assert_eq!(found.cell.trainings[0].genotype, genotype(&cell, &Topology::minimal()));
}

#[test]
fn the_test_images_were_not_seen_in_the_search() {
    for (searched, expected) in [
        (Config::new(Method::Dsnas), [1440, 357]),
        (Config::new(Method::Darts), [1728, 69]),
        (Config { training_images: 96, ..Config::new(Method::Darts) }, [1437, 360]),
        (Config { level: Level::Single, ..Config::new(Method::Darts) }, [1437, 360]),
    ] {
        let config = settings(&searched).unwrap();
        assert_eq!([config.training_images, config.test_images], expected);
        assert_eq!((config.seed, config.label_noise, config.head_gain), (searched.seed, 0.0, 1.0));
        config.check().unwrap();
    }
}

#[test]
fn random_cells_keep_to_the_rule_and_to_what_is_allowed() {
    let topology = Topology::original();
    let mut allowed = vec![Operation::ALL.to_vec(); 14];
    allowed[3] = vec![Operation::SkipConnect];
    let given = vec![Operation::SepConv3x3; 14];
    let all = trainings(&topology, &given, 2, (Rule::DartsTop2, &allowed), 50, 7);
    assert_eq!(all, trainings(&topology, &given, 2, (Rule::DartsTop2, &allowed), 50, 7));
    assert!(all[..2].iter().all(|training| training.given && training.operations == given));
    for training in &all[2..] {
        for node in 2..6 {
            let kept = topology.into_node(node).filter(|edge| training.operations[*edge] != Operation::None);
            assert_eq!(kept.count(), 2, "{}", training.genotype);
        }
        assert!([Operation::SkipConnect, Operation::None].contains(&training.operations[3]));
    }
}
