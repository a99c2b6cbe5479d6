# SPDX-License-Identifier: Apache-2.0

variable "project" {
  description = "The Google Cloud project that pays."
  type        = string
}

variable "region" {
  description = "Where the cluster is; its nodes are spread over the zones of the region."
  type        = string
  default     = "europe-west1"
}

variable "name" {
  description = "The name of the cluster and of what belongs to it."
  type        = string
  default     = "punctual"
}

variable "admin_networks" {
  description = "The address ranges from which the cluster may be administered, such as 203.0.113.0/24."
  type        = list(string)

  validation {
    condition     = length(var.admin_networks) > 0 && !contains(var.admin_networks, "0.0.0.0/0")
    error_message = "Name the networks of your administrators; the whole internet is not one of them."
  }
}
