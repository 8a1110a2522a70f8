"""The pages of a fax that is being made: its form, its preview, its way out."""
