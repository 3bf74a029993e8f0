"""Reading, writing and drawing of artifacts: tables, models and figures."""
