"""Tables, models and figures: readers, writers, labels and style."""
