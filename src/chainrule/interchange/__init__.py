"""Networks out to ONNX, C and Python, and in from scikit-learn, PyTorch and ONNX."""
