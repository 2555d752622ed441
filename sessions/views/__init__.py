"""The pages of treatment, one module per noun."""
