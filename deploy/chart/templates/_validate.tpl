{{/* What the schema can't say, each refused with what to do. */}}
{{- define "nativefax.validate" -}}
{{- $values := .Values }}
{{- $_ := required "Set kafka.bootstrap to your brokers, as host:port, comma-separated." $values.kafka.bootstrap }}
{{- $_ := required "Set store.endpoint to your object store, as https://host." $values.store.endpoint }}
{{- $stages := include "nativefax.stages" . | fromYaml }}
{{- if hasKey $stages "email_out" }}
  {{- $_ := required "Set mail.host to the relay that takes mails, or turn stages.email_out off." $values.mail.host }}
{{- end }}
{{- if and (or $values.kafka.caFile $values.mail.caFile) (not $values.certificateAuthorities) }}
  {{- fail "A caFile is a file of a ConfigMap: name that in certificateAuthorities." }}
{{- end }}
{{- range $stage, $of := $stages }}
  {{- if and (eq $of.autoscaling.by "lag") (not $of.facts.groups) }}
    {{- fail (printf "stages.%s.autoscaling.by: %s consumes nothing, so it has no lag. Use cpu." $stage $stage) }}
  {{- end }}
  {{- if gt (int $of.autoscaling.min) (int $of.autoscaling.max) }}
    {{- fail (printf "stages.%s.autoscaling: min is more than max." $stage) }}
  {{- end }}
  {{- if and $of.hosts (not $values.ingress.enabled) }}
    {{- fail (printf "stages.%s.hosts has no effect: set ingress.enabled, or remove the hosts." $stage) }}
  {{- end }}
{{- end }}
{{- end }}
