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
{{- if $values.networkPolicy.enabled }}
  {{- range splitList "," $values.kafka.bootstrap }}
    {{- if not (include "nativefax.isOpen" (dict "port" (regexFind "[0-9]+$" .) "way" $values.networkPolicy.kafka)) }}
      {{- fail (printf "Nobody may go to %s: add its port to networkPolicy.kafka.ports." .) }}
    {{- end }}
  {{- end }}
  {{- $port := regexFind ":[0-9]+$" (urlParse $values.store.endpoint).host | trimPrefix ":" }}
  {{- $usual := hasPrefix "https:" $values.store.endpoint | ternary "443" "80" }}
  {{- if not (include "nativefax.isOpen" (dict "port" ($port | default $usual) "way" $values.networkPolicy.store)) }}
    {{- fail (printf "Nobody may go to %s: add its port to networkPolicy.store.ports." $values.store.endpoint) }}
  {{- end }}
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

{{/* Something if a network policy's way has the port. */}}
{{- define "nativefax.isOpen" -}}
{{- range .way.ports }}
  {{- if eq (toString .) $.port }}open{{ end }}
{{- end }}
{{- end }}
