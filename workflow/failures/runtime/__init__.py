"""Infrastructure around the computation of a job: logs, progress, provenance and atomic files; changes no artifact."""
