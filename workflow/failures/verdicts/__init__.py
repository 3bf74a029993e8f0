"""What the tables say to the claims of the paper and its review, and to its curves. No family of problems."""
