"""Names and configs, and the objects they stand for."""

import json
import re
import subprocess
import sys

import pytest

import fastnn
from fastnn.custom_objects import CustomObjectScope
from fastnn.registry import Registry, snake_case, unknown_name


class Shape:
    def __init__(self, size=1.0):
        self.size = size

    def get_config(self):
        return {"size": self.size}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Square(Shape):
    pass


class GreatCircle(Shape):
    pass


@pytest.fixture
def shapes():
    registry = Registry("shape", Shape)
    registry.add(Square)
    registry.add(GreatCircle, "round", "O")
    return registry


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Zeros", "zeros"),
        ("GlorotUniform", "glorot_uniform"),
        ("L1L2", "l1l2"),
        ("LSTM", "lstm"),
        ("GRUCell", "gru_cell"),
        ("Conv2D", "conv2d"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("DepthwiseConv1D", "depthwise_conv1d"),
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"),
        ("ReLU", "re_lu"),
        ("PReLU", "p_re_lu"),
        ("TimeDistributed", "time_distributed"),
    ],
)
def test_snake_case_is_keras(name, snake):
    assert snake_case(name) == snake


@pytest.mark.parametrize(
    "identifier", ["GreatCircle", "great_circle", "round", "O", GreatCircle, {"class_name": "round"}]
)
def test_get(shapes, identifier):
    found = shapes.get(identifier)
    assert type(found) is GreatCircle
    assert found.size == 1.0


def test_get_returns_objects_as_they_are(shapes):
    class Blob(Shape):
        pass

    blob = Blob()
    assert shapes.get(blob) is blob
    assert type(shapes.get(Blob)) is Blob
    assert shapes.get(None) is None


@pytest.mark.parametrize(
    ("identifier", "error", "message"),
    [
        ("squar", ValueError, "shape: unknown name 'squar'; did you mean 'square'?"),
        ("SQUARE", ValueError, "shape: unknown name 'SQUARE'; did you mean 'square'?"),
        ("?", ValueError, "shape: unknown name '?'; expected one of 'O', 'great_circle', 'round', 'square'"),
        ("Shape", ValueError, "shape: unknown name 'Shape'"),
        ("__class__", ValueError, "shape: unknown name '__class__'"),
        (3, TypeError, "shape: expected a name, a config or an instance of Shape, got 3"),
        (int, TypeError, "shape: expected a name, a config or an instance of Shape, got <class 'int'>"),
        (
            print,
            TypeError,
            "shape: expected a name, a config or an instance of Shape, got <built-in function print>",
        ),
        (["square"], TypeError, "shape: expected a name, a config or an instance of Shape, got ['square']"),
    ],
)
def test_get_refuses(shapes, identifier, error, message):
    with pytest.raises(error, match=re.escape(message)):
        shapes.get(identifier)


def test_round_trip_through_json(shapes):
    config = json.loads(json.dumps(shapes.serialize(GreatCircle(2.5))))
    assert config == {"class_name": "GreatCircle", "config": {"size": 2.5}}
    for read in (shapes.deserialize, shapes.get):
        again = read(config)
        assert type(again) is GreatCircle
        assert again.size == 2.5
    assert shapes.deserialize(shapes.serialize(None)) is None


def test_deserialize_reads_what_keras_writes(shapes):
    config = {
        "module": "keras.shapes",
        "class_name": "Square",
        "config": {"size": 2.0},
        "registered_name": None,
    }
    assert shapes.deserialize(config).size == 2.0


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({}, ValueError, "shape: expected {'class_name': name, 'config': arguments}, got {}"),
        ({"class_name": 3}, ValueError, "got {'class_name': 3}"),
        ({"class_name": None}, ValueError, "got {'class_name': None}"),
        ({"class_name": "Square", "config": [1]}, ValueError, "'config': [1]}"),
        ({"class_name": "Square", "config": None}, ValueError, "'config': None}"),
        ({"class_name": "Popen", "config": {}, "module": "subprocess"}, ValueError, "unknown name 'Popen'"),
        ({"class_name": "subprocess.Popen", "config": {}}, ValueError, "unknown name 'subprocess.Popen'"),
        ({"class_name": "Square", "config": {"colour": 1}}, TypeError, "'colour'"),
    ],
)
def test_deserialize_refuses(shapes, config, error, message):
    with pytest.raises(error, match=re.escape(message)):
        shapes.deserialize(config)


def test_classes_of_the_program_are_named_apart(shapes):
    class Blob(Shape):
        pass

    impostor = type("Square", (Shape,), {})
    for obj in (Blob(), impostor()):
        config = shapes.serialize(obj)
        assert config["class_name"] == f"Custom>{type(obj).__name__}"
        with pytest.raises(ValueError, match="unknown name 'Custom>"):
            shapes.deserialize(config)
        with CustomObjectScope({type(obj).__name__: type(obj)}):
            assert type(shapes.deserialize(config)) is type(obj)


def test_serialize_refuses_what_is_no_object_of_the_kind(shapes):
    with pytest.raises(TypeError, match="shape: expected an instance of Shape, got <built-in function len>"):
        shapes.serialize(len)


def test_a_scope_names_only_classes_of_the_kind(shapes):
    with CustomObjectScope({"thing": int}), pytest.raises(ValueError, match="derived from Shape"):
        shapes.get("thing")


def test_add_is_a_decorator():
    registry = Registry("shape", Shape)

    @registry.add
    class Plain(Shape):
        pass

    @registry.add("other")
    class Named(Shape):
        pass

    assert (Plain.__name__, Named.__name__) == ("Plain", "Named")
    assert type(registry.get("plain")) is Plain
    assert type(registry.get("other")) is type(registry.get("named")) is Named


def test_add_refuses(shapes):
    with pytest.raises(TypeError, match="cls: expected a class derived from Shape, got <class 'int'>"):
        shapes.add(int)
    with pytest.raises(TypeError, match="cls: expected a class derived from Shape, got <"):
        shapes.add(Square())
    with pytest.raises(ValueError, match=r"shape: 'round' is <class .*GreatCircle'> already"):
        shapes.add(Square, "round")
    assert shapes.add(Square, "quad") is Square
    assert type(shapes.get("quad")) is Square


def test_name_of_needs_no_entry(shapes):
    assert shapes.name_of(type("SmallOval", (Shape,), {})) == "small_oval"


def test_unknown_name_proposes_the_nearest():
    known = ["sgd", "adamax", "adamw", "adam"]
    assert unknown_name("optimizer", "Adm", known) == (
        "optimizer: unknown name 'Adm'; did you mean 'adam' or 'adamw' or 'adamax'?"
    )


# ---- tables of packages that import their modules on first use -----------------------------------------


def in_a_fresh_interpreter(code, tmp_path):
    code = f"import json, sys\nimport fastnn\n{code}"
    got = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(got.stdout)


@pytest.mark.parametrize("name", ["LayerNormalization", "layer_normalization"])
def test_a_name_imports_the_module_of_its_class_and_no_other(name, tmp_path):
    code = f"""
cls = type(fastnn.layers.registry.get({name!r}))
loaded = [name for name in sys.modules if name.startswith("fastnn.layers.") and ".base" not in name]
print(json.dumps([cls.__name__, loaded]))
"""
    loaded = ["fastnn.layers.layer_normalization"]
    assert in_a_fresh_interpreter(code, tmp_path) == ["LayerNormalization", loaded]


@pytest.mark.parametrize(
    ("table", "alias", "cls"),
    [
        ("losses", "mse", "MeanSquaredError"),
        ("metrics", "mae", "MeanAbsoluteError"),
        ("layers", "Arithmetic", "Arithmetic"),  # not public: operators make it
        ("layers", "Sequential", "Sequential"),  # of another package
        ("layers", "functional", "Model"),
        ("optimizers", "ADAMW", "AdamW"),
        ("initializers", "he_normal", "HeNormal"),
    ],
)
def test_aliases_and_what_is_not_public_are_found(table, alias, cls, tmp_path):
    code = f"print(json.dumps(fastnn.{table}.registry._find({alias!r}).__name__))"
    assert in_a_fresh_interpreter(code, tmp_path) == cls


def test_an_unknown_name_is_compared_with_all_names(tmp_path):
    code = """
try:
    fastnn.losses.get("cosine_similarty")
except ValueError as error:
    near = str(error)
try:
    fastnn.losses.get("?")
except ValueError as error:
    every = str(error)
print(json.dumps([near, every]))
"""
    near, every = in_a_fresh_interpreter(code, tmp_path)
    assert near == "loss: unknown name 'cosine_similarty'; did you mean 'cosine_similarity'?"
    assert all(repr(name) in every for name in ("mse", "huber", "poisson", "tversky", "squared_hinge"))


def test_a_name_of_the_package_is_taken_before_its_module_is_imported(tmp_path):
    code = """
class GRU(fastnn.layers.Layer):
    pass
try:
    fastnn.layers.registry.add(GRU)
except ValueError as error:
    print(json.dumps(str(error)))
"""
    said = in_a_fresh_interpreter(code, tmp_path)
    assert said.startswith("layer: 'GRU' is <class 'fastnn.layers.gru.GRU'> already")


@pytest.mark.parametrize("name", ["registry", "Input", "base.layer", "os", "__doc__", "fastnn.layers.Dense"])
def test_a_public_name_that_is_no_class_of_the_table_is_unknown(name):
    with pytest.raises(ValueError, match=f"layer: unknown name {re.escape(repr(name))}"):
        fastnn.layers.registry.deserialize({"class_name": name, "config": {}})


def test_all_classes_are_listed_in_order():
    names = [cls.__name__ for cls in fastnn.layers.registry.classes()]
    assert names == sorted(names)
    assert {"Dense", "LSTM", "Arithmetic", "Sequential", "Model"} <= set(names)
