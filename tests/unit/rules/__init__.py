"""One file of named examples for each rule."""
