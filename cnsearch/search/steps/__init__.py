"""The steps of a plan: each kind a class that runs, prints, explains itself, and says what of it is marked."""
