"""What cnsearch takes, beside other engines and by itself; see README.md. Not part of the installed package."""
