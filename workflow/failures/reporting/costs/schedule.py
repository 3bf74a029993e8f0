"""Wall time of the jobs of a workflow on a given number of cores, and the cores and time that a run used."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Job:
    """A job that takes `seconds` on `threads` cores and depends on the jobs `needs`."""

    seconds: float
    threads: int = 1
    needs: tuple[str, ...] = ()


def following(jobs: dict[str, Job]) -> dict[str, list[str]]:
    """List, for each job, the jobs that depend on it."""
    followers: dict[str, list[str]] = {name: [] for name in jobs}
    for name, job in jobs.items():
        for need in job.needs:
            followers[need].append(name)
    return followers


def remaining(jobs: dict[str, Job]) -> dict[str, float]:
    """Compute, for each job, the seconds of the longest chain of dependent jobs that begins with it.

    Raises:
        ValueError: The dependencies are cyclic.
    """
    followers = following(jobs)
    open_followers = {name: len(names) for name, names in followers.items()}
    chains: dict[str, float] = {}
    ready = [name for name, count in open_followers.items() if not count]
    while ready:
        name = ready.pop()
        chains[name] = jobs[name].seconds + max((chains[follower] for follower in followers[name]), default=0.0)
        for need in jobs[name].needs:
            open_followers[need] -= 1
            if not open_followers[need]:
                ready.append(need)
    if len(chains) < len(jobs):
        raise ValueError(f"cyclic dependency in the job records of: {', '.join(sorted(set(jobs) - set(chains)))}")
    return chains


def wall_time(jobs: dict[str, Job], cores: int) -> float:
    """Simulate the wall time of the jobs by list scheduling.

    Whenever a core is free, the job with the longest remaining chain starts, among those whose inputs exist and whose
    threads fit. Starting a job takes no time.

    Args:
        jobs: Jobs by name.
        cores: Number of cores. A job uses at most this many threads, as in Snakemake.

    Returns:
        Wall time in seconds.
    """
    chains = remaining(jobs)
    order = sorted(jobs, key=lambda name: -chains[name])
    missing = {name: len(job.needs) for name, job in jobs.items()}
    followers = following(jobs)
    now, free = 0.0, cores
    waiting = order
    running: list[tuple[float, str]] = []
    while waiting or running:
        held = []
        for name in waiting:
            threads = min(jobs[name].threads, cores)
            if missing[name] or threads > free:
                held.append(name)
                continue
            free -= threads
            heapq.heappush(running, (now + jobs[name].seconds, name))
        waiting = held
        now, name = heapq.heappop(running)
        free += min(jobs[name].threads, cores)
        for follower in followers[name]:
            missing[follower] -= 1
    return now


def bound(seconds: Iterable[float], cpu_seconds: Iterable[float], cores: int) -> float:
    """Return a lower bound of the wall time in seconds: the CPU time divided by the cores, or the longest job."""
    return max(sum(cpu_seconds) / cores, max(seconds))


def busy(starts: Iterable[float], ends: Iterable[float], longest_gap: float = 60.0) -> float:
    """Compute the wall time of a run without idle gaps.

    Args:
        starts: Start of each job in seconds.
        ends: End of each job in seconds.
        longest_gap: Gaps between jobs count up to this length in seconds; longer ones are left out.

    Returns:
        Seconds from the first start to the last end, without the longer gaps.
    """
    total, until = 0.0, None
    for start, end in sorted(zip(starts, ends, strict=True)):
        gap = 0.0 if until is None else max(start - until, 0.0)
        total += gap if gap <= longest_gap else 0.0
        total += end - start if until is None else max(end - max(start, until), 0.0)
        until = end if until is None else max(until, end)
    return total


def cores_used(starts: Iterable[float], ends: Iterable[float], threads: Iterable[int]) -> int:
    """Return the largest number of threads that ran at once; a job that starts when another ends follows it."""
    events = sorted(
        event
        for start, end, count in zip(starts, ends, threads, strict=True)
        for event in ((start, 1, count), (end, 0, -count))
    )
    return int(np.cumsum([count for *_, count in events]).max(initial=0))
