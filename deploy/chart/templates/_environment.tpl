{{/* One variable; a list or an object as JSON. */}}
{{- define "nativefax.variable" -}}
- name: {{ .name }}
  value: {{ (kindIs "string" .value | ternary .value (toJson .value)) | quote }}
{{- end }}

{{/* One variable out of a secret. */}}
{{- define "nativefax.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: {name: {{ .secret }}, key: {{ .name }}{{ if .optional }}, optional: true{{ end }}}
{{- end }}

{{/* Where everything is. Takes the root and `needs`. */}}
{{- define "nativefax.where" -}}
{{- $values := .root.Values }}
{{- $variables := dict
  "NATIVEFAX_KAFKA_BOOTSTRAP" $values.kafka.bootstrap
  "NATIVEFAX_KAFKA_SECURITY_PROTOCOL" $values.kafka.securityProtocol
  "NATIVEFAX_KAFKA_SASL_MECHANISM" $values.kafka.saslMechanism
  "NATIVEFAX_KAFKA_REPLICATION" $values.kafka.replication }}
{{- with $values.kafka.caFile }}
  {{- $_ := set $variables "NATIVEFAX_KAFKA_CA_FILE" (printf "/etc/nativefax/authorities/%s" .) }}
{{- end }}
{{- if has "store" .needs }}
  {{- $_ := set $variables "NATIVEFAX_STORE_ENDPOINT" $values.store.endpoint }}
  {{- $_ := set $variables "NATIVEFAX_STORE_REGION" $values.store.region }}
  {{- $_ := set $variables "NATIVEFAX_STORE_BUCKET" $values.store.bucket }}
  {{- $_ := set $variables "NATIVEFAX_STORE_VIRTUAL_HOSTED" $values.store.virtualHosted }}
{{- end }}
{{- if has "relay" .needs }}
  {{- $_ := set $variables "NATIVEFAX_SMTP_HOST" $values.mail.host }}
  {{- $_ := set $variables "NATIVEFAX_SMTP_PORT" $values.mail.port }}
  {{- $_ := set $variables "NATIVEFAX_SMTP_SECURITY" $values.mail.security }}
  {{- with $values.mail.caFile }}
    {{- $_ := set $variables "NATIVEFAX_SMTP_CA_FILE" (printf "/etc/nativefax/authorities/%s" .) }}
  {{- end }}
{{- end }}
{{- if has "links" .needs }}
  {{- $_ := set $variables "NATIVEFAX_LINKS_DAYS" $values.links.days }}
  {{- with $values.links.portalUrl }}
    {{- $_ := set $variables "NATIVEFAX_PORTAL_URL" . }}
  {{- end }}
{{- end }}
{{- if has "bounces" .needs }}
  {{- with $values.mail.bounceDomain }}
    {{- $_ := set $variables "NATIVEFAX_SMTP_BOUNCE_DOMAIN" . }}
  {{- end }}
{{- end }}
{{- if has "api" .needs }}
  {{- $api := include "nativefax.stageName" (dict "root" .root "stage" "api") }}
  {{- $_ := set $variables "NATIVEFAX_API_URL" (printf "http://%s" $api) }}
{{- end }}
{{- toYaml $variables }}
{{- end }}

{{/* Keys that the secret of whoever needs `needs` must have. */}}
{{- define "nativefax.keys" -}}
{{- if hasPrefix "SASL" .root.Values.kafka.securityProtocol }}
- NATIVEFAX_KAFKA_USERNAME
- NATIVEFAX_KAFKA_PASSWORD
{{- end }}
{{- if has "store" .needs }}
- NATIVEFAX_STORE_ACCESS_KEY
- NATIVEFAX_STORE_SECRET_KEY
{{- end }}
{{- end }}

{{/* Everything that a stage is told. Takes the root, the stage and its values. */}}
{{- define "nativefax.environment" -}}
{{- $facts := .values.facts }}
{{- $own := dict "NATIVEFAX_STAGE_HOST" "0.0.0.0" "NATIVEFAX_STAGE_PORT" 8080 "NATIVEFAX_STAGE_HEALTH_PORT" 9100 }}
{{- with $facts.smtp }}
  {{- $_ := set $own (printf "%s_HOST" .prefix) "0.0.0.0" }}
  {{- $_ := set $own (printf "%s_PORT" .prefix) .port }}
  {{- if $.values.certificateSecret }}
    {{- $_ := set $own (printf "%s_CERTIFICATE" .prefix) "/etc/nativefax/certificate/tls.crt" }}
    {{- $_ := set $own (printf "%s_KEY" .prefix) "/etc/nativefax/certificate/tls.key" }}
  {{- end }}
{{- end }}
{{- if and $facts.web .root.Values.ingress.trustedProxies }}
  {{- $_ := set $own "FORWARDED_ALLOW_IPS" (join "," .root.Values.ingress.trustedProxies) }}
{{- end }}
{{- $where := include "nativefax.where" (dict "root" .root "needs" $facts.needs) | fromYaml }}
{{- $variables := merge (deepCopy .values.settings) .root.Values.settings $where $own }}
{{- range $name := keys $variables | sortAlpha }}
{{ include "nativefax.variable" (dict "name" $name "value" (get $variables $name)) }}
{{- end }}
{{- $secret := include "nativefax.secretName" . }}
{{- range concat (include "nativefax.keys" (dict "root" .root "needs" $facts.needs) | fromYamlArray) ($facts.secret | default list) }}
{{ include "nativefax.secretVariable" (dict "name" . "secret" $secret) }}
{{- end }}
{{- range $facts.optional }}
{{ include "nativefax.secretVariable" (dict "name" . "secret" $secret "optional" true) }}
{{- end }}
{{- if has "links" $facts.needs }}
{{ include "nativefax.secretVariable" (dict "name" "NATIVEFAX_LINKS_SECRET" "secret" (include "nativefax.linksSecret" .root)) }}
{{- end }}
{{- end }}

{{- define "nativefax.linksSecret" -}}
{{ .Values.links.secretName | default (printf "%s-links" (include "nativefax.name" .)) }}
{{- end }}
