"""What our SMTP servers share: who may come in, how much they may say, and the parts of a mail."""
