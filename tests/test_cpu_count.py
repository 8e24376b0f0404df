"""The default number of threads, from a made-up environment, /proc and /sys."""

import os

import pytest

from fastnn.kernels.core.cpu_count import cgroup_quota, default_threads


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Write files under a root of our own; 64 processors, all of them allowed."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)

    def write(files):
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"FASTNN_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}, (3, "FASTNN_NUM_THREADS")),
        ({"FASTNN_NUM_THREADS": "", "OMP_NUM_THREADS": "5"}, (5, "OMP_NUM_THREADS")),
        ({"OMP_NUM_THREADS": "4,3"}, (4, "OMP_NUM_THREADS")),
        ({"OMP_NUM_THREADS": " 2 , 3"}, (2, "OMP_NUM_THREADS")),
        ({"FASTNN_NUM_THREADS": " 007 "}, (7, "FASTNN_NUM_THREADS")),
        ({"FASTNN_NUM_THREADS": "100"}, (100, "FASTNN_NUM_THREADS")),
        ({}, (64, "processors")),
    ],
)
def test_environment_decides_first(machine, environ, expected):
    assert default_threads(environ, machine({})) == expected


@pytest.mark.parametrize("name", ["FASTNN_NUM_THREADS", "OMP_NUM_THREADS"])
@pytest.mark.parametrize(
    "value", ["0", "-1", "two", "2.5", "1e3", "1_0", ",4", "65536", "9" * 5000, "\u0664"]
)
def test_bad_values_are_named_and_echoed(name, value):
    with pytest.raises(ValueError, match=name) as error:
        default_threads({name: value})
    assert repr(value) in str(error.value)


def test_a_list_is_not_a_count_for_fastnn():
    with pytest.raises(ValueError, match="'4,3'"):
        default_threads({"FASTNN_NUM_THREADS": "4,3"})


def test_affinity(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 5, 9}, raising=False)
    assert default_threads({}, machine({})) == (3, "affinity")


def test_a_system_that_tells_nothing(machine, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert default_threads({}, machine({})) == (1, "processors")


def v1(path, quota, period=100000):
    folder = f"sys/fs/cgroup/cpu{path}"
    return {f"{folder}/cpu.cfs_quota_us": f"{quota}\n", f"{folder}/cpu.cfs_period_us": f"{period}\n"}


V1 = {"proc/self/cgroup": "5:cpuset:/a\n4:cpu,cpuacct:/a/b\n1:name=systemd:/a\n0::/\n"}
V2 = {"proc/self/cgroup": "0::/a/b\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, None, id="no cgroups"),
        pytest.param(V2, None, id="v2 without files"),
        pytest.param(V2 | {"sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, None, id="v2 unlimited"),
        pytest.param(V2 | {"sys/fs/cgroup/a/b/cpu.max": "765000 100000\n"}, 7, id="v2 rounds down"),
        pytest.param(V2 | {"sys/fs/cgroup/a/b/cpu.max": "50000 100000\n"}, 1, id="v2 at least one"),
        pytest.param(
            V2 | {"sys/fs/cgroup/a/b/cpu.max": "max 100000\n", "sys/fs/cgroup/a/cpu.max": "300000 100000\n"},
            3,
            id="v2 parent",
        ),
        pytest.param(
            V2
            | {"sys/fs/cgroup/a/b/cpu.max": "200000 100000\n", "sys/fs/cgroup/a/cpu.max": "300000 100000\n"},
            2,
            id="v2 smallest",
        ),
        pytest.param(V2 | {"sys/fs/cgroup/cpu.max": "200000 50000\n"}, 4, id="v2 own group is the mount"),
        pytest.param(
            {"proc/self/cgroup": "0::/../c\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2, id="v2 outside"
        ),
        pytest.param(V2 | {"sys/fs/cgroup/a/b/cpu.max": ""}, None, id="v2 empty file"),
        pytest.param(V2 | {"sys/fs/cgroup/a/b/cpu.max": "some any\n"}, None, id="v2 not numbers"),
        pytest.param(V1 | v1("/a/b", -1), None, id="v1 unlimited"),
        pytest.param(V1 | v1("/a/b", 250000), 2, id="v1 rounds down"),
        pytest.param(V1 | v1("/a/b", -1) | v1("/a", 300000), 3, id="v1 parent"),
        pytest.param(V1 | v1("", 400000), 4, id="v1 own group is the mount"),
    ],
)
def test_cgroup_quota(machine, files, expected):
    root = machine(files)
    assert cgroup_quota(root) == expected
    assert default_threads({}, root) == ((expected, "cgroup quota") if expected else (64, "processors"))
