"""What surrounds the computation of a job: logs, progress, records and atomic files; changes no artifact."""
