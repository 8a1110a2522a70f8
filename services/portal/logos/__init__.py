"""The logos of resellers: taken from whoever is signed in, redrawn in a confined process, shown by our own address."""
