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
  - name: state
    mountPath: /run/menwei
  - name: lib-modules
    mountPath: /lib/modules
    readOnly: true
{{- end }}

{{- define "menwei.lb.selector" -}}
app.kubernetes.io/name: menwei-lb
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "menwei.lb.labels" -}}
{{ include "menwei.lb.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What load balancing is set up with: read by the controller, and by nodes that announce. */}}
{{- define "menwei.lb.configuration" -}}
- apiGroups: [menwei.dev, metallb.io]
  resources: [ipaddresspools, l2advertisements]
  verbs: [list, watch]
- apiGroups: [cilium.io]
  resources: [ciliumloadbalancerippools, ciliuml2announcementpolicies]
  verbs: [list, watch]
{{- end }}

{{/* Of a role and an account: kind, name, account, and the account's namespace. A Role is in the namespace of the Leases. */}}
{{- define "menwei.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- if eq .kind "Role" }}
  namespace: {{ .root.Values.loadBalancer.namespace }}
  {{- end }}
  labels:
    {{- include "menwei.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .account }}
    namespace: {{ .namespace }}
{{- end }}
