# SPDX-License-Identifier: Apache-2.0
#
# A regional Autopilot cluster: Google runs the nodes, which are private, and updates them.
#
#   cd deploy/terraform/gke
#   terraform init
#   terraform apply -var project=… -var 'admin_networks=["203.0.113.0/24"]'
#   $(terraform output -raw credentials)
#
# Then helm/punctual/README.md, with values-gke.yaml.

resource "google_compute_network" "punctual" {
  name                    = var.name
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "punctual" {
  name                     = var.name
  network                  = google_compute_network.punctual.id
  ip_cidr_range            = "10.10.0.0/20"
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.20.0.0/16"
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.30.0.0/20"
  }
}

# Private nodes reach image registries, webhooks and mail servers through it.
resource "google_compute_router" "punctual" {
  name    = var.name
  network = google_compute_network.punctual.id
}

resource "google_compute_router_nat" "punctual" {
  name                               = var.name
  router                             = google_compute_router.punctual.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

resource "google_container_cluster" "punctual" {
  name                = var.name
  location            = var.region
  enable_autopilot    = true
  deletion_protection = true
  network             = google_compute_network.punctual.id
  subnetwork          = google_compute_subnetwork.punctual.id

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes = true
  }

  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = var.admin_networks
      content {
        cidr_block = cidr_blocks.value
      }
    }
  }

  release_channel {
    channel = "STABLE"
  }
}

output "credentials" {
  description = "The command that lets kubectl and helm reach the cluster."
  value       = "gcloud container clusters get-credentials ${var.name} --region ${var.region} --project ${var.project}"
}
