{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* Where a pod may run, and what it is pulled with; {root, workload}. */}}
{{- define "punctual.placement" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .workload.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .workload.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .workload.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .workload.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where each secret is: PUNCTUAL_<KEY>_FILE. {root} */}}
{{- define "punctual.secretEnvironment" -}}
{{- $keys := include "punctual.secretKeys" . | fromJsonArray -}}
{{- if include "punctual.cloudnativepg" . }}{{ $keys = append $keys "database_url" }}{{ end -}}
{{- range $key := sortAlpha $keys }}
- name: {{ printf "PUNCTUAL_%s_FILE" (upper $key) }}
  value: {{ printf "/etc/punctual/secrets/%s" $key }}
{{- end }}
{{- end -}}

{{/* The volume with the secrets; {root, secret: the name of the Secret}. */}}
{{- define "punctual.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- with include "punctual.secretKeys" .root | fromJsonArray }}
      - secret:
          name: {{ $.secret }}
          items:
            {{- range . }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
      {{- end }}
      {{- if include "punctual.cloudnativepg" .root }}
      - secret:
          name: {{ include "punctual.fullname" .root }}-postgresql-app
          items:
            - {key: uri, path: database_url}
      {{- end }}
      {{- if and .root.Values.dapr.enabled .root.Values.dapr.appTokenSecret }}
      - secret:
          name: {{ .root.Values.dapr.appTokenSecret }}
          items:
            - {key: token, path: app_api_token}
      {{- end }}
{{- end -}}

{{/* A container that migrates the schema, which an advisory lock guards; {root, name, workload}. */}}
{{- define "punctual.migrateContainer" -}}
- name: {{ .name }}
  image: {{ include "punctual.image" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: [migrate]
  env:
    - name: PUNCTUAL_SHARDS
      value: {{ .root.Values.config.shards | quote }}
    {{- include "punctual.secretEnvironment" .root | nindent 4 }}
    {{- with .workload.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  securityContext:
    {{- include "punctual.securityContext" .root | nindent 4 }}
  resources:
    {{- toYaml .root.Values.migration.resources | nindent 4 }}
  volumeMounts:
    - {name: secrets, mountPath: /etc/punctual/secrets, readOnly: true}
    - {name: tmp, mountPath: /tmp}
    {{- with .workload.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "punctual.daprAnnotations" -}}
{{- $dapr := .root.Values.dapr -}}
dapr.io/enabled: "true"
dapr.io/app-id: {{ include "punctual.dapr.appId" . | quote }}
dapr.io/app-port: "8080"
dapr.io/app-protocol: "http"
dapr.io/config: {{ $dapr.config | quote }}
dapr.io/log-level: {{ $dapr.logLevel | quote }}
dapr.io/log-as-json: "true"
dapr.io/enable-metrics: "true"
dapr.io/metrics-port: "9090"
dapr.io/enable-app-health-check: "true"
dapr.io/app-health-check-path: "/healthz"
dapr.io/app-binding-options-timeout: "10s"
dapr.io/graceful-shutdown-seconds: "10"
dapr.io/block-shutdown-duration: "30s"
dapr.io/sidecar-seccomp-profile-type: "RuntimeDefault"
{{- if $dapr.nativeSidecar }}
dapr.io/enable-native-sidecar: "true"
{{- end }}
{{- if not $dapr.readableSecrets }}
dapr.io/disable-builtin-k8s-secret-store: "true"
{{- end }}
{{- if $dapr.subscriptions }}
# They are declared; asking the program as well would subscribe twice.
dapr.io/disable-init-endpoints: "subscribe"
{{- end }}
{{- with $dapr.appTokenSecret }}
dapr.io/app-token-secret: {{ . | quote }}
{{- end }}
{{- with $dapr.resources }}
dapr.io/sidecar-cpu-request: {{ .requests.cpu | quote }}
dapr.io/sidecar-memory-request: {{ .requests.memory | quote }}
dapr.io/sidecar-cpu-limit: {{ .limits.cpu | quote }}
dapr.io/sidecar-memory-limit: {{ .limits.memory | quote }}
{{- end }}
{{- end -}}

{{/* Seconds between the decision to stop and SIGTERM; through a sidecar at least 10. */}}
{{- define "punctual.sleep" -}}
{{- $sleep := int .workload.preStopSeconds -}}
{{- ternary (max 10 $sleep) $sleep .root.Values.dapr.enabled -}}
{{- end -}}

{{/* How long a stop may take. Through a sidecar: sleep, drain 30, block 30, graceful 10, margin 10. */}}
{{- define "punctual.grace" -}}
{{- $grace := int .workload.terminationGracePeriodSeconds -}}
{{- if .root.Values.dapr.enabled }}{{ max $grace (add 80 (include "punctual.sleep" .)) }}{{ else }}{{ $grace }}{{ end -}}
{{- end -}}
