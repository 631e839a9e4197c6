{{- define "menwei.name" -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "menwei.selector" -}}
app.kubernetes.io/name: menwei
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "menwei.labels" -}}
{{ include "menwei.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "menwei.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "menwei.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "menwei.image" -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
{{- end }}

{{/* Where the probes ask: the port of config.healthzBindAddress, if it has one. */}}
{{- define "menwei.healthzPort" -}}
{{ regexFind "([]]|^[0-9.]+):[0-9]+$" (default "" .Values.config.healthzBindAddress) | default ":10256" | splitList ":" | last }}
{{- end }}

{{/* What both containers have, but for their rights. */}}
{{- define "menwei.container" -}}
image: {{ include "menwei.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [/usr/local/bin/kube-proxy]
env:
  - name: NODE_NAME
    valueFrom:
      fieldRef:
        fieldPath: spec.nodeName
  - name: KUBERNETES_SERVICE_HOST
    value: {{ .Values.apiServer.host | quote }}
  - name: KUBERNETES_SERVICE_PORT
    value: {{ .Values.apiServer.port | quote }}
volumeMounts:
  - name: config
    mountPath: /var/lib/kube-proxy
    readOnly: true
  - name: xtables-lock
    mountPath: /run/xtables.lock
  - name: lib-modules
    mountPath: /lib/modules
    readOnly: true
{{- end }}
