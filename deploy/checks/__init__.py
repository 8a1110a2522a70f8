"""What `make check` holds against deploy/chart: it renders, and every manifest is what Kubernetes takes."""
