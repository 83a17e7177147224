"""Parts that the project lacks: one Python file and one YAML each, as somebody else would add them."""
