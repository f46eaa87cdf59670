"""The doctor: everything that keeps mail from arriving, or its fate from coming back."""
