"""How many threads to start with: what the user asks for, else what this process may use.

A container often sees every processor of its host and may use the time of a few. A thread too many is
then worse than one too few: the kernel stops all of them for the rest of each period. So a quota is
rounded down, and affinity alone, which does not show a quota, is not trusted.
"""

import os
from collections.abc import Mapping
from os.path import dirname, join  # pathlib takes longer to import than all else that `import fastnn` does

__all__ = ["MAX_THREADS", "cgroup_quota", "default_threads"]

MAX_THREADS = 2**16 - 1

# By controller as /proc/self/cgroup names it ("" is version 2): the files of quota and period. The
# controller is also the folder under /sys/fs/cgroup.
_QUOTA_FILES = {"": ("cpu.max",), "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us")}


def default_threads(
    environ: Mapping[str, str] = os.environ, root: str | os.PathLike[str] = "/"
) -> tuple[int, str]:
    """Return the number of threads to start with, and what decided it.

    ``FASTNN_NUM_THREADS`` comes first, then ``OMP_NUM_THREADS`` (of a list, its first number), where
    set and not empty; else the smallest of the processors there are, those this process is bound to
    and its cgroup quota.

    Parameters
    ----------
    environ : mapping of str to str, optional
        The environment variables.
    root : path-like, default "/"
        Where ``proc`` and ``sys`` are mounted.

    Returns
    -------
    count : int
        At least 1.
    source : str
        The variable's name, ``"processors"``, ``"affinity"`` or ``"cgroup quota"``.

    Raises
    ------
    ValueError
        If the variable that decides is no whole number from 1 to 65535.

    Examples
    --------
    >>> default_threads({"OMP_NUM_THREADS": "4,3"})
    (4, 'OMP_NUM_THREADS')
    """
    for name in ("FASTNN_NUM_THREADS", "OMP_NUM_THREADS"):
        value = environ.get(name, "").strip()
        if value:
            return _count(name, value), name
    counts = {"processors": os.cpu_count() or 1}
    if hasattr(os, "sched_getaffinity"):
        counts["affinity"] = len(os.sched_getaffinity(0))
    quota = cgroup_quota(root)
    if quota is not None:
        counts["cgroup quota"] = quota
    source = min(counts, key=counts.__getitem__)
    return counts[source], source


def _count(name: str, value: str) -> int:
    first = value.split(",")[0].strip() if name == "OMP_NUM_THREADS" else value
    count = int(first) if first.isascii() and first.isdigit() and len(first) < 10 else 0
    if not 1 <= count <= MAX_THREADS:
        raise ValueError(f"{name} must be a number of threads from 1 to {MAX_THREADS}, got {value!r}")
    return count


def cgroup_quota(root: str | os.PathLike[str] = "/") -> int | None:
    """Return how many whole processors Linux grants the cgroup of this process, versions 1 and 2.

    A group is bound by every group above it, so the smallest quota on the way up counts. Where a
    container shows its own group as the root of the mount, the path in ``proc`` leads nowhere and the
    way up still ends at that root.

    Parameters
    ----------
    root : path-like, default "/"
        Where ``proc`` and ``sys`` are mounted.

    Returns
    -------
    int or None
        The quota rounded down, at least 1; None where there is none.
    """
    try:
        lines = _read(join(root, "proc/self/cgroup")).splitlines()
    except OSError:
        return None
    quotas = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in _QUOTA_FILES.keys() & set(controllers.split(",")):
            mount = join(root, "sys/fs/cgroup", controller).rstrip("/")
            group = join(mount, *(part for part in path.split("/") if part not in ("", "..")))
            while True:
                quotas += _quota(group, _QUOTA_FILES[controller])
                if group == mount:
                    break
                group = dirname(group)
    return max(1, min(quotas)) if quotas else None


def _quota(group: str, names: tuple[str, ...]) -> list[int]:
    """Return the whole processors of one group, as a list of none or one."""
    try:
        quota, period = " ".join(_read(join(group, name)) for name in names).split()
        return [] if quota in ("max", "-1") else [int(quota) // int(period)]
    except (OSError, ValueError):
        return []


def _read(file: str) -> str:
    with open(file, encoding="utf-8") as lines:
        return lines.read()
