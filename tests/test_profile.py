"""`Model.profile` and `fastnn profile`: what they report, and what they leave as it was."""

import json
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import cli, layers
from fastnn.bench import peak
from fastnn.training import profile as profiling

TIMES = {"seconds", "share", "gflops", "gbytes", "share_of_peak", "share_of_memory"}


@pytest.fixture(autouse=True)
def few_runs(monkeypatch):
    """As few runs as can be, and limits of the machine that take no time to measure."""
    monkeypatch.setattr(profiling, "SECONDS", 0.0)
    monkeypatch.setattr(profiling, "_limits", lambda threads, dtype: (1e11, 1e10))


def network(**options):
    fastnn.utils.set_random_seed(0)
    model = fastnn.Sequential(
        [
            fastnn.Input((8,)),
            layers.Dense(16, "relu", name="hidden"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(3, "softmax", name="kind"),
        ]
    )
    model.compile(
        **{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | options
    )
    return model


def data(samples=20):
    rng = np.random.default_rng(0)
    return rng.standard_normal((samples, 8)).astype("float32"), rng.integers(0, 3, samples)


def keys(rows):
    return [(row.layer, row.step, row.direction) for row in rows]


def test_rows_of_a_prediction_name_layers():
    found = network().profile(data()[0])
    assert keys(found.rows) == [
        ("norm", "moving_scale", "forward"),
        ("hidden", "dense", "forward"),
        ("norm", "affine", "forward"),
        ("kind", "dense", "forward"),
        ("kind", "softmax", "forward"),
    ]
    assert (found.samples, found.training, found.dtype) == (20, False, "float32")
    assert found.threads == fastnn.num_threads()


def test_rows_of_a_training_step():
    model = network()
    rows = keys(model.profile(*data(), training=True).rows)
    assert rows[0] == ("hidden", "dense", "forward")
    assert rows[-1] == ("", model.optimizer.name, "update")
    for row in (("hidden", "dense"), ("norm", "batch_norm"), ("drop", "dropout"), ("kind", "dense")):
        assert rows.index((*row, "forward")) < rows.index((*row, "backward"))
    assert ("", "loss", "forward") in rows
    assert ("", "accuracy", "forward") in rows
    assert ("", "accuracy", "backward") not in rows
    assert rows.index(("kind", "dense", "backward")) < rows.index(("hidden", "dense", "backward"))


def test_numbers_of_rows_follow_from_each_other():
    found = network().profile(*data(), training=True)
    assert found.seconds == pytest.approx(sum(row.seconds for row in found.rows))
    assert sum(row.share for row in found.rows) == pytest.approx(1)
    row = found.rows[0]
    flops = 2 * 20 * 8 * 16
    assert row.gflops == pytest.approx(flops / row.seconds / 1e9)
    assert row.share_of_peak == pytest.approx(row.gflops / 100)
    assert row.gbytes == pytest.approx(4 * (20 * 8 + 8 * 16 + 16 + 20 * 16) / row.seconds / 1e9)
    assert row.share_of_memory == pytest.approx(row.gbytes / 10)
    assert found.rows[-1].gflops == 0
    weights = 8 * 16 + 16 + 2 * 16 + 16 * 3 + 3
    assert found.rows[-1].gbytes == pytest.approx(7 * 4 * weights / found.rows[-1].seconds / 1e9)


def test_flops_backward_are_those_of_the_gradients_that_are_made():
    model = fastnn.Sequential(
        [
            fastnn.Input((5, 4)),
            layers.LSTM(3, name="lstm"),
            layers.Dense(6, name="a"),
            layers.Dense(2, name="b"),
        ]
    )
    model.compile("sgd", "mse")
    found = model.profile(np.zeros((10, 5, 4)), training=True)
    flops = {(r.layer, r.direction): r.gflops * r.seconds * 1e9 for r in found.rows if r.layer}
    steps = 2 * 10 * 5 * 4 * 3  # for each input or unit
    assert flops["lstm", "forward"] == pytest.approx(steps * (4 + 3))
    assert flops["lstm", "backward"] == pytest.approx(steps * (4 + 2 * 3))  # the data have no gradient
    assert flops["b", "backward"] == pytest.approx(2 * flops["b", "forward"])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    found = model.profile(np.zeros((10, 5, 4)), training=True)
    flops = {(r.layer, r.direction): r.gflops * r.seconds * 1e9 for r in found.rows if r.layer}
    assert ("lstm", "backward") not in flops
    assert flops["a", "backward"] == pytest.approx(flops["a", "forward"])


def test_an_embedding_counts_the_rows_it_reads():
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Embedding(10_000, 8)])
    (row, *_) = model.profile(np.ones((3, 4))).rows
    assert row.gbytes * row.seconds * 1e9 == pytest.approx(4 * (3 * 4 + 3 * 4 + 2 * 3 * 4 * 8))


def state_of(model):
    return pickle.dumps([model.get_weights(), model.optimizer.get_state(), model._counted_runs()])


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", fastnn.optimizers.Adam(use_ema=True, weight_decay=0.1)])
def test_a_profile_changes_nothing(trained, optimizer):
    x, y = data()
    models = [network(optimizer=pickle.loads(pickle.dumps(optimizer))) for _ in range(2)]

    def fit(model):
        fastnn.utils.set_random_seed(1)
        return model.fit(x, y, epochs=2, batch_size=8, verbose=0).history

    if trained:
        for model in models:
            fit(model)
    before = [w.copy() for w in models[0].get_weights()]
    models[0].profile(x, y, training=True)
    models[0].profile(x)
    for a, b in zip(models[0].get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert fit(models[0]) == fit(models[1])
    assert state_of(models[0]) == state_of(models[1])


def test_a_profile_of_random_layers_leaves_their_streams():
    x, _ = data()
    models = [network() for _ in range(2)]
    models[0].profile(x, training=True)
    np.testing.assert_array_equal(*(model(x, training=True).numpy() for model in models))


class Counter(layers.Layer):
    state_size = 3

    def call(self, inputs, states):
        return states[0], [states[0] + inputs]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cell", [layers.GRUCell, Counter])
def test_a_profile_leaves_the_states_of_recurrent_layers(cell, training):
    layer = layers.RNN(Counter() if cell is Counter else cell(3), stateful=True)
    model = fastnn.Sequential([fastnn.Input((5, 3)), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.profile(np.ones((4, 5, 3)), training=training)
    assert layer.states == []
    model.predict(np.ones((2, 5, 3)))
    (before,) = layer.states
    model.profile(np.ones((2, 5, 3)), training=training)
    np.testing.assert_array_equal(layer.states, [before])


def test_a_failed_profile_changes_nothing():
    model = network()
    before = model.get_weights()
    with pytest.raises(ValueError, match="y: "):
        model.profile(data()[0], np.full(20, 7), training=True)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("loss", "units"),
    [
        ("mse", 2), ("binary_crossentropy", 1), ("hinge", 2), ("poisson", 2), ("kl_divergence", 2),
        ("categorical_crossentropy", 3), ("sparse_categorical_crossentropy", 3), ("log_cosh", 1),
    ],
)  # fmt: skip
def test_labels_are_zeros_by_default(loss, units):
    model = fastnn.Sequential([fastnn.Input((5, 4)), layers.Dense(units, "sigmoid")])
    model.compile("sgd", loss)
    assert model.profile(np.ones((6, 5, 4)), training=True).training


@pytest.mark.filterwarnings("ignore:model.*reach no loss")
def test_several_inputs_and_outputs():
    a, b = fastnn.Input((3,)), fastnn.Input((4,))
    joined = layers.Concatenate()([a, b])
    model = fastnn.Model(
        [a, b], [layers.Dense(1, name="value")(joined), layers.Dense(2, name="kind")(joined)]
    )
    x = [np.ones((5, 3)), np.ones((5, 4))]
    assert {"value", "kind"} <= {row.layer for row in model.profile(x).rows}
    model.compile("sgd", ["mse", None])
    rows = model.profile(x, training=True).rows
    assert ("value", "dense", "backward") in keys(rows)


def test_layers_inside_models_are_named():
    inner = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3, name="within")], name="inner")
    model = fastnn.Sequential([fastnn.Input((4,)), inner, layers.Dense(2, name="outer")])
    assert [row.layer for row in model.profile(np.ones((2, 4))).rows] == ["within", "outer"]


def test_more_samples_than_a_plan_takes_at_once():
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3)])
    (row,) = model.profile(np.ones((1000, 4))).rows
    assert row.gflops * row.seconds * 1e9 == pytest.approx(2 * 1000 * 4 * 3)
    np.testing.assert_array_equal(model(np.zeros((2, 4))), np.zeros((2, 3)))


def test_the_table_fits_100_columns():
    model = fastnn.Sequential(
        [fastnn.Input((8,)), layers.Dense(4, name="a" * 60, activation="relu")], name="m" * 200
    )
    model.compile("adam", "mse")
    for training in (False, True):
        text = str(model.profile(np.ones((4, 8)), training=training))
        assert max(map(len, text.splitlines())) <= 100
        assert "a" * 20 in text
        assert "all steps" in text
        assert ("backward" in text) is training
    assert repr(model.profile(np.ones((4, 8)))).startswith("Profile of")


def test_the_table_for_notebooks():
    model = fastnn.Sequential([fastnn.Input((8,)), layers.Dense(4, name="a<b")])
    text = model.profile(np.ones((4, 8)))._repr_html_()
    assert "a&lt;b" in text
    assert text.count("<tr>") == text.count("</tr>") == 3


def test_a_profile_as_a_dict_is_ready_for_json():
    found = json.loads(json.dumps(network().profile(data()[0]).as_dict()))
    assert found["rows"][0].keys() == TIMES | {"layer", "step", "direction"}
    assert found["samples"] == 20


def test_what_cannot_be_profiled():
    class Own(fastnn.Sequential):
        def train_step(self, data):
            return super().train_step(data)

        def predict_step(self, data):
            return super().predict_step(data)

    model = Own([fastnn.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="Own runs train_step in Python"):
        model.profile(np.ones((2, 4)), training=True)
    with pytest.raises(ValueError, match="Own runs predict_step in Python"):
        model.profile(np.ones((2, 4)))
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3)])
    with pytest.raises(ValueError, match="loss: the model has to be compiled"):
        model.profile(np.ones((2, 4)), training=True)
    with pytest.raises(ValueError, match="y: expected None without training=True"):
        model.profile(np.ones((2, 4)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="x: expected at least one sample"):
        model.profile(np.ones((0, 4)))
    with pytest.raises(ValueError, match=r"\(4,\)|4"):
        model.profile(np.ones((2, 5)))


def test_times_of_steps_are_those_of_a_run():
    from fastnn.training.plan_cache import plan_of

    model = network(loss="mse")
    plan = plan_of(model, "training")
    x, _ = data()
    labels = np.zeros((20, 3), "float32")
    plan.bind([x], [labels])
    try:
        before = model.get_weights()
        seconds = plan.time_steps(0, 20)
    finally:
        plan.unbind()
    assert seconds.shape == (2 * len(plan.steps) + 1,)
    assert seconds.min() >= 0
    assert seconds[0] > 0
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    twin = network(loss="mse")
    twin.train_on_batch(x, labels)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_limits_of_the_machine(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(peak.Bandwidth.__init__, "__defaults__", (1, 1 << 16))
    monkeypatch.setattr(profiling, "RUNS", 1)
    assert min(profiling._limits(2, "float64")) > 0


# ---- the command ----------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    network().save(tmp_path / "model.fastnn")
    return str(tmp_path / "model.fastnn")


def test_command(file, capsys):
    assert cli.main(["profile", file]) == 0
    out = capsys.readouterr().out
    assert "a prediction of 32 samples" in out
    assert "hidden" in out
    assert cli.main(["profile", file, "--training", "--batch-size", "7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["samples"], found["training"]) == (7, True)
    assert found["rows"][-1]["direction"] == "update"


def test_command_makes_numbers_that_layers_take(tmp_path, capsys):
    model = fastnn.Sequential([fastnn.Input((None,)), layers.Embedding(3, 4), layers.LSTM(2)])
    model.save(tmp_path / "model.fastnn")
    assert cli.main(["profile", str(tmp_path / "model.fastnn")]) == 1
    assert "--length: expected one" in capsys.readouterr().err
    assert cli.main(["profile", str(tmp_path / "model.fastnn"), "--length", "6"]) == 0
    assert "embedding" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--batch-size", "0"], ["--length", "x"], []])
def test_command_with_bad_arguments(options, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["profile", *options] if not options else ["profile", "file", *options])
    assert caught.value.code == 2
    assert (options or ["FILE"])[0] in capsys.readouterr().err


def test_command_with_bad_files(tmp_path, capsys):
    assert cli.main(["profile", str(tmp_path / "none.fastnn")]) == 1
    assert "none.fastnn" in capsys.readouterr().err
    (tmp_path / "text").write_text("no model")
    assert cli.main(["profile", str(tmp_path / "text")]) == 1
    assert "fastnn profile: " in capsys.readouterr().err
    fastnn.Sequential([fastnn.Input((2,)), layers.Dense(1)]).save(tmp_path / "model.fastnn")
    assert cli.main(["profile", str(tmp_path / "model.fastnn"), "--training"]) == 1
    assert "has not been compiled" in capsys.readouterr().err
