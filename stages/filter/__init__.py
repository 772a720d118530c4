"""Gates that turn down what does not meet a rule."""
