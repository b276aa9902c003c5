"""What a trained network sees, as plain tensors: the measures behind the pictures. Each takes any network and examples."""
