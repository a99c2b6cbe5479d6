# SPDX-License-Identifier: Apache-2.0

variable "compartment" {
  description = "The OCID of the compartment that holds everything."
  type        = string
}

variable "region" {
  description = "Where the cluster is."
  type        = string
  default     = "eu-frankfurt-1"
}

variable "name" {
  description = "The name of the cluster and of what belongs to it."
  type        = string
  default     = "punctual"
}

variable "kubernetes_version" {
  description = "A version that OKE offers (oci ce cluster-options get --cluster-option-id all)."
  type        = string
}

variable "node_image" {
  description = "The OCID of an OKE image of that version (oci ce node-pool-options get --node-pool-option-id all)."
  type        = string
}

variable "admin_networks" {
  description = "The address ranges from which the cluster may be administered, such as 203.0.113.0/24."
  type        = list(string)

  validation {
    condition     = length(var.admin_networks) > 0 && !contains(var.admin_networks, "0.0.0.0/0")
    error_message = "Name the networks of your administrators; the whole internet is not one of them."
  }
}
