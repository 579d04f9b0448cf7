"""Terms: as numbers on their way in, and the dictionary in which they are looked up."""
