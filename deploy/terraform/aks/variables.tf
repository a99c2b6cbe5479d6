# SPDX-License-Identifier: Apache-2.0

variable "subscription" {
  description = "The Azure subscription that pays."
  type        = string
}

variable "location" {
  description = "Where the cluster is; the region must have availability zones."
  type        = string
  default     = "westeurope"
}

variable "name" {
  description = "The name of the cluster and of what belongs to it."
  type        = string
  default     = "punctual"
}

variable "node_size" {
  description = "The size of the virtual machines."
  type        = string
  default     = "Standard_D2s_v5"
}

variable "admin_networks" {
  description = "The address ranges from which the cluster may be administered, such as 203.0.113.0/24."
  type        = list(string)

  validation {
    condition     = length(var.admin_networks) > 0 && !contains(var.admin_networks, "0.0.0.0/0")
    error_message = "Name the networks of your administrators; the whole internet is not one of them."
  }
}
