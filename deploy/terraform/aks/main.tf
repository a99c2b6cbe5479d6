# SPDX-License-Identifier: Apache-2.0
#
# A cluster over three zones with network policies and workload identity.
#
#   cd deploy/terraform/aks
#   terraform init
#   terraform apply -var subscription=… -var 'admin_networks=["203.0.113.0/24"]'
#   $(terraform output -raw credentials)
#
# Then helm/punctual/README.md, with values-aks.yaml.

resource "azurerm_resource_group" "punctual" {
  name     = var.name
  location = var.location
}

resource "azurerm_kubernetes_cluster" "punctual" {
  name                      = var.name
  location                  = azurerm_resource_group.punctual.location
  resource_group_name       = azurerm_resource_group.punctual.name
  dns_prefix                = var.name
  sku_tier                  = "Standard"
  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "NodeImage"
  oidc_issuer_enabled       = true
  workload_identity_enabled = true
  local_account_disabled    = false

  api_server_access_profile {
    authorized_ip_ranges = var.admin_networks
  }

  default_node_pool {
    name                        = "default"
    vm_size                     = var.node_size
    zones                       = ["1", "2", "3"]
    auto_scaling_enabled        = true
    min_count                   = 3
    max_count                   = 9
    temporary_name_for_rotation = "rotation"

    upgrade_settings {
      max_surge = "1"
    }
  }

  identity {
    type = "SystemAssigned"
  }

  # The ingress controller that values-aks.yaml names.
  web_app_routing {
    dns_zone_ids = []
  }

  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_policy      = "cilium"
    network_data_plane  = "cilium"
  }

  lifecycle {
    ignore_changes = [default_node_pool[0].node_count]
  }
}

output "credentials" {
  description = "The command that lets kubectl and helm reach the cluster."
  value       = "az aks get-credentials --resource-group ${var.name} --name ${var.name}"
}
