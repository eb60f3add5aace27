"""model.toml: what is written comes back equal, and what is wrong is named."""

import tomllib
from pathlib import Path

import pytest
from aurora.errors import InputError
from aurora.spec.chain import default_chain
from aurora.spec.model import (
    DecisionSpec,
    LabelSpec,
    ModelSpec,
    TrainingSpec,
    dump_model_toml,
    load_model_toml,
    model_toml_text,
)
from aurora.spec.signal import SignalSpec
from aurora.spec.toml_text import toml_text

SIGNAL = SignalSpec(n=4096, axes=("x", "y", "z"), rate_hz=12_800.0, rpm="known")
SPEC = ModelSpec(
    name="turbine", version="1.2.3", signal=SIGNAL, chain=default_chain(SIGNAL, 1800.0),
    labels=LabelSpec(("healthy", "inner_race"), 600.0),
)  # fmt: skip
BARE = ModelSpec(
    name="fan", version="0.1.0", signal=SignalSpec(256, ("x",), 1000.0),
    chain=default_chain(SignalSpec(64, ("x",), 1000.0)), labels=LabelSpec((), 3600.0),
)  # fmt: skip


@pytest.mark.parametrize("spec", [SPEC, BARE], ids=["envelope", "without"])
def test_written_and_read_back_equal(spec: ModelSpec, tmp_path: Path) -> None:
    dump_model_toml(spec, tmp_path / "model.toml")
    assert load_model_toml(tmp_path / "model.toml") == spec


def test_absent_horizon_stays_absent(tmp_path: Path) -> None:
    spec = ModelSpec("m", "1.0.0", SIGNAL, default_chain(SIGNAL), LabelSpec(("a", "b"), None))
    dump_model_toml(spec, tmp_path / "model.toml")
    assert load_model_toml(tmp_path / "model.toml").labels.horizon_s is None


TEXT = model_toml_text(SPEC)
WRONG = {
    "not TOML": ("= nothing", "not TOML"),
    "unknown table": (TEXT + "\n[extra]\na = 1\n", "unknown key 'extra'"),
    "unknown key": (TEXT.replace("[decision]", "[decision]\ncolour = 1"), "unknown key 'colour'"),
    "missing table": (TEXT.replace("[signal]", "[labels.x]"), "signal"),
    "missing key": (TEXT.replace("n = 4096\n", ""), "'n'"),
    "ill-typed": (TEXT.replace("n = 4096", 'n = "many"'), "signal.n is 'many'"),
    "boolean as number": (TEXT.replace("n = 4096", "n = true"), "signal.n is True"),
    "float as count": (TEXT.replace("n = 4096", "n = 4096.5"), "signal.n is 4096.5"),
    "list of other things": (TEXT.replace('axes = ["x", "y", "z"]', "axes = [1, 2]"), "signal.axes"),
    "axis twice": (TEXT.replace('axes = ["x", "y", "z"]', 'axes = ["x", "x"]'), "signal.axes"),
    "name that leaves the folder": (TEXT.replace('"turbine"', '"../turbine"'), "model name"),
    "name of another type": (TEXT.replace('"turbine"', "7"), "name and version are text"),
    "version": (TEXT.replace("1.2.3", "one"), "model version"),
    "horizon": (TEXT.replace("horizon_s = 600.0", "horizon_s = nan"), "labels.horizon_s"),
    "one fault type": (TEXT.replace('["healthy", "inner_race"]', '["healthy"]'), "labels.fault_types"),
    "false alarms": (TEXT.replace("fraction = 0.01", "fraction = 1.0"), "false_alarm_fraction"),
    "votes": (TEXT.replace("raise_votes = 3", "raise_votes = 9"), "9 of 5"),
    "form": (TEXT.replace('form = "auto"', 'form = "deep"'), "training.form"),
    "layers": (TEXT.replace("hidden = [16]", "hidden = []"), "training.hidden"),
    "epochs": (TEXT.replace("epochs = 50", "epochs = 0"), "training.epochs"),
    "rate": (TEXT.replace("rate_hz = 12800.0", "rate_hz = inf"), "rate_hz"),
    "table in place of a value": (TEXT.replace("\n[labels]", "\n[labels.horizon_s]\na = 1\n[labels]"), ""),
}


@pytest.mark.parametrize(("text", "named"), WRONG.values(), ids=WRONG)
def test_wrong_files_are_refused_in_one_line(text: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text(text)
    assert text != TEXT, "the case changes nothing"
    with pytest.raises(InputError) as caught:
        load_model_toml(path)
    line = str(caught.value)
    assert named in line and str(path) in line and "\n" not in line


def test_no_file() -> None:
    with pytest.raises(InputError, match=r"nowhere/model\.toml"):
        load_model_toml(Path("nowhere/model.toml"))


def test_toml_text_survives_quotes_and_nesting() -> None:
    document = {"a": 'say "\\"', "b": [1, 2.5, True], "c": {"d": {"e": "f"}, "g": [{"h": 1}, {"h": 2}]}}
    assert tomllib.loads(toml_text(document)) == document


@pytest.mark.parametrize(
    "make",
    [
        lambda: DecisionSpec(hysteresis_logit=-1.0),
        lambda: DecisionSpec(windows=33),
        lambda: DecisionSpec(clear_votes=0),
        lambda: TrainingSpec(l2=-0.1),
        lambda: TrainingSpec(seed=-1),
        lambda: TrainingSpec(hidden=(0,)),
        lambda: LabelSpec(("a", "b/c")),
        lambda: SignalSpec(0, ("x",), 1.0),
        lambda: SignalSpec(16, ("x",), 1.0, rpm="perhaps"),
    ],
)
def test_values_out_of_bounds(make) -> None:
    with pytest.raises(InputError):
        make()
