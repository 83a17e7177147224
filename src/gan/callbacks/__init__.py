"""What happens around the game: looking at its terms, scoring, drawing, saving."""
