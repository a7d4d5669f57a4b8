"""kubeadm's configuration as typed models, and its phases as argv."""
