"""From pair probabilities to people: whom a face resembles, how sure that is, and whether to say so."""
