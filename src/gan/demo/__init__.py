"""``python -m gan.demo``: local web page to try a trained generator."""
