{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* Refuses values that fit the schema each but not together, and says what to do. */}}
{{- define "punctual.validate" -}}
{{- $values := .Values -}}
{{- $secrets := $values.secrets -}}
{{- $cloudnativepg := eq (include "punctual.cloudnativepg" .) "true" -}}
{{- $external := eq (include "punctual.externalSecret" .) "true" -}}
{{- $keys := include "punctual.secretKeys" . | fromJsonArray -}}
{{- $sources := 0 -}}
{{- range list (ne $secrets.existingSecret "") $external (gt (len $secrets.values) 0) -}}
{{- if . }}{{ $sources = add $sources 1 }}{{ end -}}
{{- end -}}
{{- if gt $sources 1 -}}
{{- fail "secrets: set only one of existingSecret, values and external.enabled" -}}
{{- end -}}
{{- if and $cloudnativepg $values.postgresql.single.enabled -}}
{{- fail "postgresql: enable cloudnativepg or single, not both" -}}
{{- end -}}
{{- if not (or (has "database_url" $keys) $cloudnativepg) -}}
{{- fail "secrets: there is no database_url: name a Secret that has it (secrets.existingSecret), give secrets.values.database_url, or set postgresql.cloudnativepg.enabled or postgresql.single.enabled" -}}
{{- end -}}
{{- if not (or (has "jwt_secret" $keys) $values.config.jwksUrl) -}}
{{- fail "authentication: without jwt_secret (secrets) or config.jwksUrl the program serves nothing but loopback; secrets.generate=true makes a secret up" -}}
{{- end -}}
{{- if and $external (not $secrets.external.storeName) -}}
{{- fail "secrets.external.storeName: names the SecretStore or ClusterSecretStore" -}}
{{- end -}}
{{- if and $secrets.generate (or $secrets.existingSecret $external) -}}
{{- fail "secrets.generate: the chart does not write into a Secret that it does not own" -}}
{{- end -}}
{{- if and (eq $values.config.transport "dapr") (not $values.dapr.enabled) -}}
{{- fail "config.transport: dapr needs dapr.enabled=true" -}}
{{- end -}}
{{- if and $values.dapr.invocation (not $values.dapr.appTokenSecret) -}}
{{- fail "dapr.invocation needs dapr.appTokenSecret: without a token the API answers no other application" -}}
{{- end -}}
{{- if and (eq $values.config.transport "kafka") (not (include "punctual.kafkaBrokers" .)) -}}
{{- fail "config.transport: kafka needs config.kafka.brokers or strimzi.enabled=true" -}}
{{- end -}}
{{- if and (eq (include "punctual.migration" .) "hook") (include "punctual.madeHere" .) -}}
{{- fail "migration.mode: a hook runs before the release creates its database or Secret; use init or auto" -}}
{{- end -}}
{{- if and (include "punctual.wanted" (dict "root" . "enabled" $values.gatewayApi.enabled "api" "gateway.networking.k8s.io/v1")) (not $values.gatewayApi.parentRefs) -}}
{{- fail "gatewayApi.parentRefs: names the Gateway of the route" -}}
{{- end -}}
{{- if and (include "punctual.strimzi" .) $values.strimzi.cluster (gt (int $values.strimzi.minInSyncReplicas) (int $values.strimzi.brokers)) -}}
{{- fail "strimzi.minInSyncReplicas: more than there are brokers" -}}
{{- end -}}
{{- $components := (include "punctual.components" . | fromJson).components -}}
{{- if not $components -}}{{- fail "components: at least one must be enabled" -}}{{- end -}}
{{- range $name, $workload := $components -}}
{{- $scaling := $workload.autoscaling -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "components.%s.autoscaling: minReplicas %v is more than maxReplicas %v" $name $scaling.minReplicas $scaling.maxReplicas) -}}
{{- end -}}
{{- if and (ne $scaling.kind "none") (not (or $scaling.cpu $scaling.memory (include "punctual.lagTopic" (dict "component" $name "workload" $workload)) $scaling.overdue)) -}}
{{- fail (printf "components.%s.autoscaling: no metric is left; set cpu, memory, lag (all, recurring, notify, audit) or overdue" $name) -}}
{{- end -}}
{{- if and (eq $scaling.kind "keda") $scaling.lag (not (include "punctual.kafkaBrokers" $)) -}}
{{- fail (printf "components.%s.autoscaling.lag: needs config.kafka.brokers or strimzi.enabled=true" $name) -}}
{{- end -}}
{{- if and (ne $scaling.kind "none") (include "punctual.wanted" (dict "root" $ "enabled" $workload.verticalAutoscaling.enabled "api" "autoscaling.k8s.io/v1")) (ne $workload.verticalAutoscaling.updateMode "Off") -}}
{{- fail (printf "components.%s.verticalAutoscaling.updateMode: only Off goes together with autoscaling" $name) -}}
{{- end -}}
{{- if lt (int $workload.terminationGracePeriodSeconds) (add 26 (int $workload.preStopSeconds)) -}}
{{- fail (printf "components.%s.terminationGracePeriodSeconds: a stop takes up to 25 s after preStopSeconds (%v)" $name $workload.preStopSeconds) -}}
{{- end -}}
{{- end -}}
{{- end -}}
