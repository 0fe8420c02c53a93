"""What a mail platform beside Cyrus must be told once mail is restored; no mail is added here."""
