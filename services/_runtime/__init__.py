"""What every stage stands on: the stage loop, outcomes, retries, claims, blobs, accounts, settings, telemetry."""
