# SPDX-License-Identifier: Apache-2.0
#
# An enhanced cluster with three nodes in private subnets, spread over the availability domains.
#
#   cd deploy/terraform/oke
#   terraform init
#   terraform apply -var compartment=… -var kubernetes_version=… -var node_image=… \
#     -var 'admin_networks=["203.0.113.0/24"]'
#   $(terraform output -raw credentials)
#
# Then helm/punctual/README.md, with values-oke.yaml.

data "oci_identity_availability_domains" "all" {
  compartment_id = var.compartment
}

resource "oci_core_vcn" "punctual" {
  compartment_id = var.compartment
  display_name   = var.name
  cidr_blocks    = ["10.0.0.0/16"]
}

resource "oci_core_internet_gateway" "punctual" {
  compartment_id = var.compartment
  vcn_id         = oci_core_vcn.punctual.id
}

resource "oci_core_nat_gateway" "punctual" {
  compartment_id = var.compartment
  vcn_id         = oci_core_vcn.punctual.id
}

resource "oci_core_route_table" "public" {
  compartment_id = var.compartment
  vcn_id         = oci_core_vcn.punctual.id

  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_internet_gateway.punctual.id
  }
}

resource "oci_core_route_table" "private" {
  compartment_id = var.compartment
  vcn_id         = oci_core_vcn.punctual.id

  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_nat_gateway.punctual.id
  }
}

resource "oci_core_security_list" "nodes" {
  compartment_id = var.compartment
  vcn_id         = oci_core_vcn.punctual.id

  egress_security_rules {
    destination = "0.0.0.0/0"
    protocol    = "all"
  }

  ingress_security_rules {
    source   = "10.0.0.0/16"
    protocol = "all"
  }
}

resource "oci_core_security_list" "endpoint" {
  compartment_id = var.compartment
  vcn_id         = oci_core_vcn.punctual.id

  egress_security_rules {
    destination = "0.0.0.0/0"
    protocol    = "all"
  }

  dynamic "ingress_security_rules" {
    for_each = concat(var.admin_networks, ["10.0.0.0/16"])
    content {
      source   = ingress_security_rules.value
      protocol = "6"

      tcp_options {
        min = 6443
        max = 6443
      }
    }
  }

  ingress_security_rules {
    source   = "10.0.0.0/16"
    protocol = "6"

    tcp_options {
      min = 12250
      max = 12250
    }
  }
}

resource "oci_core_security_list" "balancers" {
  compartment_id = var.compartment
  vcn_id         = oci_core_vcn.punctual.id

  egress_security_rules {
    destination = "10.0.0.0/16"
    protocol    = "all"
  }

  ingress_security_rules {
    source   = "0.0.0.0/0"
    protocol = "6"

    tcp_options {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_subnet" "endpoint" {
  compartment_id    = var.compartment
  vcn_id            = oci_core_vcn.punctual.id
  display_name      = "endpoint"
  cidr_block        = "10.0.0.0/28"
  route_table_id    = oci_core_route_table.public.id
  security_list_ids = [oci_core_security_list.endpoint.id]
}

resource "oci_core_subnet" "balancers" {
  compartment_id    = var.compartment
  vcn_id            = oci_core_vcn.punctual.id
  display_name      = "balancers"
  cidr_block        = "10.0.1.0/24"
  route_table_id    = oci_core_route_table.public.id
  security_list_ids = [oci_core_security_list.balancers.id]
}

resource "oci_core_subnet" "nodes" {
  compartment_id             = var.compartment
  vcn_id                     = oci_core_vcn.punctual.id
  display_name               = "nodes"
  cidr_block                 = "10.0.16.0/20"
  route_table_id             = oci_core_route_table.private.id
  security_list_ids          = [oci_core_security_list.nodes.id]
  prohibit_public_ip_on_vnic = true
}

resource "oci_containerengine_cluster" "punctual" {
  compartment_id     = var.compartment
  name               = var.name
  kubernetes_version = var.kubernetes_version
  vcn_id             = oci_core_vcn.punctual.id
  type               = "ENHANCED_CLUSTER"

  cluster_pod_network_options {
    cni_type = "OCI_VCN_IP_NATIVE"
  }

  endpoint_config {
    is_public_ip_enabled = true
    subnet_id            = oci_core_subnet.endpoint.id
  }

  options {
    service_lb_subnet_ids = [oci_core_subnet.balancers.id]
  }
}

resource "oci_containerengine_node_pool" "punctual" {
  compartment_id     = var.compartment
  cluster_id         = oci_containerengine_cluster.punctual.id
  name               = "default"
  kubernetes_version = var.kubernetes_version
  node_shape         = "VM.Standard.E5.Flex"

  node_shape_config {
    ocpus         = 2
    memory_in_gbs = 16
  }

  node_source_details {
    source_type = "IMAGE"
    image_id    = var.node_image
  }

  node_config_details {
    size = 3

    dynamic "placement_configs" {
      for_each = data.oci_identity_availability_domains.all.availability_domains
      content {
        availability_domain = placement_configs.value.name
        subnet_id           = oci_core_subnet.nodes.id
      }
    }

    node_pool_pod_network_option_details {
      cni_type       = "OCI_VCN_IP_NATIVE"
      pod_subnet_ids = [oci_core_subnet.nodes.id]
    }
  }
}

output "credentials" {
  description = "The command that lets kubectl and helm reach the cluster."
  value       = "oci ce cluster create-kubeconfig --cluster-id ${oci_containerengine_cluster.punctual.id} --region ${var.region}"
}
