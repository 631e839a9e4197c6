/**
 * Generated from schema.json by `npm run schema:types`: what objects are in JSON. Every field may be absent: what a kind
 * requires is its validation's business.
 */
import type { JsonObject } from './json.ts';

/** By the name that the schema table gives a message. */
export interface Messages {
  readonly 'apps.v1.Deployment': AppsV1Deployment;
  readonly 'apps.v1.DeploymentCondition': AppsV1DeploymentCondition;
  readonly 'apps.v1.DeploymentList': AppsV1DeploymentList;
  readonly 'apps.v1.DeploymentSpec': AppsV1DeploymentSpec;
  readonly 'apps.v1.DeploymentStatus': AppsV1DeploymentStatus;
  readonly 'apps.v1.DeploymentStrategy': AppsV1DeploymentStrategy;
  readonly 'apps.v1.ReplicaSet': AppsV1ReplicaSet;
  readonly 'apps.v1.ReplicaSetCondition': AppsV1ReplicaSetCondition;
  readonly 'apps.v1.ReplicaSetList': AppsV1ReplicaSetList;
  readonly 'apps.v1.ReplicaSetSpec': AppsV1ReplicaSetSpec;
  readonly 'apps.v1.ReplicaSetStatus': AppsV1ReplicaSetStatus;
  readonly 'apps.v1.RollingUpdateDeployment': AppsV1RollingUpdateDeployment;
  readonly 'authentication.v1.BoundObjectReference': AuthenticationV1BoundObjectReference;
  readonly 'authentication.v1.ExtraValue': AuthenticationV1ExtraValue;
  readonly 'authentication.v1.SelfSubjectReview': AuthenticationV1SelfSubjectReview;
  readonly 'authentication.v1.SelfSubjectReviewStatus': AuthenticationV1SelfSubjectReviewStatus;
  readonly 'authentication.v1.TokenRequest': AuthenticationV1TokenRequest;
  readonly 'authentication.v1.TokenRequestSpec': AuthenticationV1TokenRequestSpec;
  readonly 'authentication.v1.TokenRequestStatus': AuthenticationV1TokenRequestStatus;
  readonly 'authentication.v1.TokenReview': AuthenticationV1TokenReview;
  readonly 'authentication.v1.TokenReviewSpec': AuthenticationV1TokenReviewSpec;
  readonly 'authentication.v1.TokenReviewStatus': AuthenticationV1TokenReviewStatus;
  readonly 'authentication.v1.UserInfo': AuthenticationV1UserInfo;
  readonly 'authorization.v1.ExtraValue': AuthorizationV1ExtraValue;
  readonly 'authorization.v1.FieldSelectorAttributes': AuthorizationV1FieldSelectorAttributes;
  readonly 'authorization.v1.LabelSelectorAttributes': AuthorizationV1LabelSelectorAttributes;
  readonly 'authorization.v1.LocalSubjectAccessReview': AuthorizationV1LocalSubjectAccessReview;
  readonly 'authorization.v1.NonResourceAttributes': AuthorizationV1NonResourceAttributes;
  readonly 'authorization.v1.NonResourceRule': AuthorizationV1NonResourceRule;
  readonly 'authorization.v1.ResourceAttributes': AuthorizationV1ResourceAttributes;
  readonly 'authorization.v1.ResourceRule': AuthorizationV1ResourceRule;
  readonly 'authorization.v1.SelfSubjectAccessReview': AuthorizationV1SelfSubjectAccessReview;
  readonly 'authorization.v1.SelfSubjectAccessReviewSpec': AuthorizationV1SelfSubjectAccessReviewSpec;
  readonly 'authorization.v1.SelfSubjectRulesReview': AuthorizationV1SelfSubjectRulesReview;
  readonly 'authorization.v1.SelfSubjectRulesReviewSpec': AuthorizationV1SelfSubjectRulesReviewSpec;
  readonly 'authorization.v1.SubjectAccessReview': AuthorizationV1SubjectAccessReview;
  readonly 'authorization.v1.SubjectAccessReviewSpec': AuthorizationV1SubjectAccessReviewSpec;
  readonly 'authorization.v1.SubjectAccessReviewStatus': AuthorizationV1SubjectAccessReviewStatus;
  readonly 'authorization.v1.SubjectRulesReviewStatus': AuthorizationV1SubjectRulesReviewStatus;
  readonly 'autoscaling.v1.Scale': AutoscalingV1Scale;
  readonly 'autoscaling.v1.ScaleSpec': AutoscalingV1ScaleSpec;
  readonly 'autoscaling.v1.ScaleStatus': AutoscalingV1ScaleStatus;
  readonly 'coordination.v1.Lease': CoordinationV1Lease;
  readonly 'coordination.v1.LeaseList': CoordinationV1LeaseList;
  readonly 'coordination.v1.LeaseSpec': CoordinationV1LeaseSpec;
  readonly 'core.v1.AWSElasticBlockStoreVolumeSource': CoreV1AWSElasticBlockStoreVolumeSource;
  readonly 'core.v1.Affinity': CoreV1Affinity;
  readonly 'core.v1.AppArmorProfile': CoreV1AppArmorProfile;
  readonly 'core.v1.AttachedVolume': CoreV1AttachedVolume;
  readonly 'core.v1.AzureDiskVolumeSource': CoreV1AzureDiskVolumeSource;
  readonly 'core.v1.AzureFileVolumeSource': CoreV1AzureFileVolumeSource;
  readonly 'core.v1.CSIVolumeSource': CoreV1CSIVolumeSource;
  readonly 'core.v1.Capabilities': CoreV1Capabilities;
  readonly 'core.v1.CephFSVolumeSource': CoreV1CephFSVolumeSource;
  readonly 'core.v1.CinderVolumeSource': CoreV1CinderVolumeSource;
  readonly 'core.v1.ClientIPConfig': CoreV1ClientIPConfig;
  readonly 'core.v1.ClusterTrustBundleProjection': CoreV1ClusterTrustBundleProjection;
  readonly 'core.v1.ConfigMap': CoreV1ConfigMap;
  readonly 'core.v1.ConfigMapEnvSource': CoreV1ConfigMapEnvSource;
  readonly 'core.v1.ConfigMapKeySelector': CoreV1ConfigMapKeySelector;
  readonly 'core.v1.ConfigMapList': CoreV1ConfigMapList;
  readonly 'core.v1.ConfigMapNodeConfigSource': CoreV1ConfigMapNodeConfigSource;
  readonly 'core.v1.ConfigMapProjection': CoreV1ConfigMapProjection;
  readonly 'core.v1.ConfigMapVolumeSource': CoreV1ConfigMapVolumeSource;
  readonly 'core.v1.Container': CoreV1Container;
  readonly 'core.v1.ContainerExtendedResourceRequest': CoreV1ContainerExtendedResourceRequest;
  readonly 'core.v1.ContainerImage': CoreV1ContainerImage;
  readonly 'core.v1.ContainerPort': CoreV1ContainerPort;
  readonly 'core.v1.ContainerResizePolicy': CoreV1ContainerResizePolicy;
  readonly 'core.v1.ContainerRestartRule': CoreV1ContainerRestartRule;
  readonly 'core.v1.ContainerRestartRuleOnExitCodes': CoreV1ContainerRestartRuleOnExitCodes;
  readonly 'core.v1.ContainerState': CoreV1ContainerState;
  readonly 'core.v1.ContainerStateRunning': CoreV1ContainerStateRunning;
  readonly 'core.v1.ContainerStateTerminated': CoreV1ContainerStateTerminated;
  readonly 'core.v1.ContainerStateWaiting': CoreV1ContainerStateWaiting;
  readonly 'core.v1.ContainerStatus': CoreV1ContainerStatus;
  readonly 'core.v1.ContainerUser': CoreV1ContainerUser;
  readonly 'core.v1.DaemonEndpoint': CoreV1DaemonEndpoint;
  readonly 'core.v1.DownwardAPIProjection': CoreV1DownwardAPIProjection;
  readonly 'core.v1.DownwardAPIVolumeFile': CoreV1DownwardAPIVolumeFile;
  readonly 'core.v1.DownwardAPIVolumeSource': CoreV1DownwardAPIVolumeSource;
  readonly 'core.v1.EmptyDirVolumeSource': CoreV1EmptyDirVolumeSource;
  readonly 'core.v1.EndpointAddress': CoreV1EndpointAddress;
  readonly 'core.v1.EndpointPort': CoreV1EndpointPort;
  readonly 'core.v1.EndpointSubset': CoreV1EndpointSubset;
  readonly 'core.v1.Endpoints': CoreV1Endpoints;
  readonly 'core.v1.EndpointsList': CoreV1EndpointsList;
  readonly 'core.v1.EnvFromSource': CoreV1EnvFromSource;
  readonly 'core.v1.EnvVar': CoreV1EnvVar;
  readonly 'core.v1.EnvVarSource': CoreV1EnvVarSource;
  readonly 'core.v1.EphemeralContainer': CoreV1EphemeralContainer;
  readonly 'core.v1.EphemeralContainerCommon': CoreV1EphemeralContainerCommon;
  readonly 'core.v1.EphemeralVolumeSource': CoreV1EphemeralVolumeSource;
  readonly 'core.v1.Event': CoreV1Event;
  readonly 'core.v1.EventList': CoreV1EventList;
  readonly 'core.v1.EventSeries': CoreV1EventSeries;
  readonly 'core.v1.EventSource': CoreV1EventSource;
  readonly 'core.v1.ExecAction': CoreV1ExecAction;
  readonly 'core.v1.FCVolumeSource': CoreV1FCVolumeSource;
  readonly 'core.v1.FileKeySelector': CoreV1FileKeySelector;
  readonly 'core.v1.FlexVolumeSource': CoreV1FlexVolumeSource;
  readonly 'core.v1.FlockerVolumeSource': CoreV1FlockerVolumeSource;
  readonly 'core.v1.GCEPersistentDiskVolumeSource': CoreV1GCEPersistentDiskVolumeSource;
  readonly 'core.v1.GRPCAction': CoreV1GRPCAction;
  readonly 'core.v1.GitRepoVolumeSource': CoreV1GitRepoVolumeSource;
  readonly 'core.v1.GlusterfsVolumeSource': CoreV1GlusterfsVolumeSource;
  readonly 'core.v1.HTTPGetAction': CoreV1HTTPGetAction;
  readonly 'core.v1.HTTPHeader': CoreV1HTTPHeader;
  readonly 'core.v1.HostAlias': CoreV1HostAlias;
  readonly 'core.v1.HostIP': CoreV1HostIP;
  readonly 'core.v1.HostPathVolumeSource': CoreV1HostPathVolumeSource;
  readonly 'core.v1.ISCSIVolumeSource': CoreV1ISCSIVolumeSource;
  readonly 'core.v1.ImageVolumeSource': CoreV1ImageVolumeSource;
  readonly 'core.v1.ImageVolumeStatus': CoreV1ImageVolumeStatus;
  readonly 'core.v1.KeyToPath': CoreV1KeyToPath;
  readonly 'core.v1.Lifecycle': CoreV1Lifecycle;
  readonly 'core.v1.LifecycleHandler': CoreV1LifecycleHandler;
  readonly 'core.v1.LinuxContainerUser': CoreV1LinuxContainerUser;
  readonly 'core.v1.LoadBalancerIngress': CoreV1LoadBalancerIngress;
  readonly 'core.v1.LoadBalancerStatus': CoreV1LoadBalancerStatus;
  readonly 'core.v1.LocalObjectReference': CoreV1LocalObjectReference;
  readonly 'core.v1.NFSVolumeSource': CoreV1NFSVolumeSource;
  readonly 'core.v1.Namespace': CoreV1Namespace;
  readonly 'core.v1.NamespaceCondition': CoreV1NamespaceCondition;
  readonly 'core.v1.NamespaceList': CoreV1NamespaceList;
  readonly 'core.v1.NamespaceSpec': CoreV1NamespaceSpec;
  readonly 'core.v1.NamespaceStatus': CoreV1NamespaceStatus;
  readonly 'core.v1.Node': CoreV1Node;
  readonly 'core.v1.NodeAddress': CoreV1NodeAddress;
  readonly 'core.v1.NodeAffinity': CoreV1NodeAffinity;
  readonly 'core.v1.NodeAllocatableResourceClaimStatus': CoreV1NodeAllocatableResourceClaimStatus;
  readonly 'core.v1.NodeCondition': CoreV1NodeCondition;
  readonly 'core.v1.NodeConfigSource': CoreV1NodeConfigSource;
  readonly 'core.v1.NodeConfigStatus': CoreV1NodeConfigStatus;
  readonly 'core.v1.NodeDaemonEndpoints': CoreV1NodeDaemonEndpoints;
  readonly 'core.v1.NodeFeatures': CoreV1NodeFeatures;
  readonly 'core.v1.NodeList': CoreV1NodeList;
  readonly 'core.v1.NodeRuntimeHandler': CoreV1NodeRuntimeHandler;
  readonly 'core.v1.NodeRuntimeHandlerFeatures': CoreV1NodeRuntimeHandlerFeatures;
  readonly 'core.v1.NodeSelector': CoreV1NodeSelector;
  readonly 'core.v1.NodeSelectorRequirement': CoreV1NodeSelectorRequirement;
  readonly 'core.v1.NodeSelectorTerm': CoreV1NodeSelectorTerm;
  readonly 'core.v1.NodeSpec': CoreV1NodeSpec;
  readonly 'core.v1.NodeStatus': CoreV1NodeStatus;
  readonly 'core.v1.NodeSwapStatus': CoreV1NodeSwapStatus;
  readonly 'core.v1.NodeSystemInfo': CoreV1NodeSystemInfo;
  readonly 'core.v1.ObjectFieldSelector': CoreV1ObjectFieldSelector;
  readonly 'core.v1.ObjectReference': CoreV1ObjectReference;
  readonly 'core.v1.PersistentVolumeClaimSpec': CoreV1PersistentVolumeClaimSpec;
  readonly 'core.v1.PersistentVolumeClaimTemplate': CoreV1PersistentVolumeClaimTemplate;
  readonly 'core.v1.PersistentVolumeClaimVolumeSource': CoreV1PersistentVolumeClaimVolumeSource;
  readonly 'core.v1.PhotonPersistentDiskVolumeSource': CoreV1PhotonPersistentDiskVolumeSource;
  readonly 'core.v1.Pod': CoreV1Pod;
  readonly 'core.v1.PodAffinity': CoreV1PodAffinity;
  readonly 'core.v1.PodAffinityTerm': CoreV1PodAffinityTerm;
  readonly 'core.v1.PodAntiAffinity': CoreV1PodAntiAffinity;
  readonly 'core.v1.PodCertificateProjection': CoreV1PodCertificateProjection;
  readonly 'core.v1.PodCondition': CoreV1PodCondition;
  readonly 'core.v1.PodDNSConfig': CoreV1PodDNSConfig;
  readonly 'core.v1.PodDNSConfigOption': CoreV1PodDNSConfigOption;
  readonly 'core.v1.PodExtendedResourceClaimStatus': CoreV1PodExtendedResourceClaimStatus;
  readonly 'core.v1.PodIP': CoreV1PodIP;
  readonly 'core.v1.PodList': CoreV1PodList;
  readonly 'core.v1.PodOS': CoreV1PodOS;
  readonly 'core.v1.PodReadinessGate': CoreV1PodReadinessGate;
  readonly 'core.v1.PodResourceClaim': CoreV1PodResourceClaim;
  readonly 'core.v1.PodResourceClaimStatus': CoreV1PodResourceClaimStatus;
  readonly 'core.v1.PodSchedulingGate': CoreV1PodSchedulingGate;
  readonly 'core.v1.PodSchedulingGroup': CoreV1PodSchedulingGroup;
  readonly 'core.v1.PodSecurityContext': CoreV1PodSecurityContext;
  readonly 'core.v1.PodSpec': CoreV1PodSpec;
  readonly 'core.v1.PodStatus': CoreV1PodStatus;
  readonly 'core.v1.PodTemplateSpec': CoreV1PodTemplateSpec;
  readonly 'core.v1.PortStatus': CoreV1PortStatus;
  readonly 'core.v1.PortworxVolumeSource': CoreV1PortworxVolumeSource;
  readonly 'core.v1.PreferredSchedulingTerm': CoreV1PreferredSchedulingTerm;
  readonly 'core.v1.Probe': CoreV1Probe;
  readonly 'core.v1.ProbeHandler': CoreV1ProbeHandler;
  readonly 'core.v1.ProjectedVolumeSource': CoreV1ProjectedVolumeSource;
  readonly 'core.v1.QuobyteVolumeSource': CoreV1QuobyteVolumeSource;
  readonly 'core.v1.RBDVolumeSource': CoreV1RBDVolumeSource;
  readonly 'core.v1.ResourceClaim': CoreV1ResourceClaim;
  readonly 'core.v1.ResourceFieldSelector': CoreV1ResourceFieldSelector;
  readonly 'core.v1.ResourceHealth': CoreV1ResourceHealth;
  readonly 'core.v1.ResourceRequirements': CoreV1ResourceRequirements;
  readonly 'core.v1.ResourceStatus': CoreV1ResourceStatus;
  readonly 'core.v1.SELinuxOptions': CoreV1SELinuxOptions;
  readonly 'core.v1.ScaleIOVolumeSource': CoreV1ScaleIOVolumeSource;
  readonly 'core.v1.SeccompProfile': CoreV1SeccompProfile;
  readonly 'core.v1.SecretEnvSource': CoreV1SecretEnvSource;
  readonly 'core.v1.SecretKeySelector': CoreV1SecretKeySelector;
  readonly 'core.v1.SecretProjection': CoreV1SecretProjection;
  readonly 'core.v1.SecretVolumeSource': CoreV1SecretVolumeSource;
  readonly 'core.v1.SecurityContext': CoreV1SecurityContext;
  readonly 'core.v1.Service': CoreV1Service;
  readonly 'core.v1.ServiceAccount': CoreV1ServiceAccount;
  readonly 'core.v1.ServiceAccountTokenProjection': CoreV1ServiceAccountTokenProjection;
  readonly 'core.v1.ServiceList': CoreV1ServiceList;
  readonly 'core.v1.ServicePort': CoreV1ServicePort;
  readonly 'core.v1.ServiceSpec': CoreV1ServiceSpec;
  readonly 'core.v1.ServiceStatus': CoreV1ServiceStatus;
  readonly 'core.v1.SessionAffinityConfig': CoreV1SessionAffinityConfig;
  readonly 'core.v1.SleepAction': CoreV1SleepAction;
  readonly 'core.v1.StorageOSVolumeSource': CoreV1StorageOSVolumeSource;
  readonly 'core.v1.Sysctl': CoreV1Sysctl;
  readonly 'core.v1.TCPSocketAction': CoreV1TCPSocketAction;
  readonly 'core.v1.Taint': CoreV1Taint;
  readonly 'core.v1.Toleration': CoreV1Toleration;
  readonly 'core.v1.TopologySpreadConstraint': CoreV1TopologySpreadConstraint;
  readonly 'core.v1.TypedLocalObjectReference': CoreV1TypedLocalObjectReference;
  readonly 'core.v1.TypedObjectReference': CoreV1TypedObjectReference;
  readonly 'core.v1.Volume': CoreV1Volume;
  readonly 'core.v1.VolumeDevice': CoreV1VolumeDevice;
  readonly 'core.v1.VolumeMount': CoreV1VolumeMount;
  readonly 'core.v1.VolumeMountStatus': CoreV1VolumeMountStatus;
  readonly 'core.v1.VolumeProjection': CoreV1VolumeProjection;
  readonly 'core.v1.VolumeResourceRequirements': CoreV1VolumeResourceRequirements;
  readonly 'core.v1.VolumeSource': CoreV1VolumeSource;
  readonly 'core.v1.VolumeStatus': CoreV1VolumeStatus;
  readonly 'core.v1.VsphereVirtualDiskVolumeSource': CoreV1VsphereVirtualDiskVolumeSource;
  readonly 'core.v1.WeightedPodAffinityTerm': CoreV1WeightedPodAffinityTerm;
  readonly 'core.v1.WindowsSecurityContextOptions': CoreV1WindowsSecurityContextOptions;
  readonly 'discovery.v1.Endpoint': DiscoveryV1Endpoint;
  readonly 'discovery.v1.EndpointConditions': DiscoveryV1EndpointConditions;
  readonly 'discovery.v1.EndpointHints': DiscoveryV1EndpointHints;
  readonly 'discovery.v1.EndpointPort': DiscoveryV1EndpointPort;
  readonly 'discovery.v1.EndpointSlice': DiscoveryV1EndpointSlice;
  readonly 'discovery.v1.EndpointSliceList': DiscoveryV1EndpointSliceList;
  readonly 'discovery.v1.ForNode': DiscoveryV1ForNode;
  readonly 'discovery.v1.ForZone': DiscoveryV1ForZone;
  readonly 'events.v1.Event': EventsV1Event;
  readonly 'events.v1.EventList': EventsV1EventList;
  readonly 'events.v1.EventSeries': EventsV1EventSeries;
  readonly 'meta.Condition': MetaCondition;
  readonly 'meta.DeleteOptions': MetaDeleteOptions;
  readonly 'meta.FieldSelectorRequirement': MetaFieldSelectorRequirement;
  readonly 'meta.LabelSelector': MetaLabelSelector;
  readonly 'meta.LabelSelectorRequirement': MetaLabelSelectorRequirement;
  readonly 'meta.ListMeta': MetaListMeta;
  readonly 'meta.ManagedFieldsEntry': MetaManagedFieldsEntry;
  readonly 'meta.ObjectMeta': MetaObjectMeta;
  readonly 'meta.OwnerReference': MetaOwnerReference;
  readonly 'meta.PartialObjectMetadata': MetaPartialObjectMetadata;
  readonly 'meta.PartialObjectMetadataList': MetaPartialObjectMetadataList;
  readonly 'meta.Preconditions': MetaPreconditions;
  readonly 'meta.ShardInfo': MetaShardInfo;
  readonly 'meta.Status': MetaStatus;
  readonly 'meta.StatusCause': MetaStatusCause;
  readonly 'meta.StatusDetails': MetaStatusDetails;
  readonly 'meta.WatchEvent': MetaWatchEvent;
  readonly 'networking.v1.HTTPIngressPath': NetworkingV1HTTPIngressPath;
  readonly 'networking.v1.HTTPIngressRuleValue': NetworkingV1HTTPIngressRuleValue;
  readonly 'networking.v1.IPAddress': NetworkingV1IPAddress;
  readonly 'networking.v1.IPAddressList': NetworkingV1IPAddressList;
  readonly 'networking.v1.IPAddressSpec': NetworkingV1IPAddressSpec;
  readonly 'networking.v1.Ingress': NetworkingV1Ingress;
  readonly 'networking.v1.IngressBackend': NetworkingV1IngressBackend;
  readonly 'networking.v1.IngressClass': NetworkingV1IngressClass;
  readonly 'networking.v1.IngressClassList': NetworkingV1IngressClassList;
  readonly 'networking.v1.IngressClassParametersReference': NetworkingV1IngressClassParametersReference;
  readonly 'networking.v1.IngressClassSpec': NetworkingV1IngressClassSpec;
  readonly 'networking.v1.IngressList': NetworkingV1IngressList;
  readonly 'networking.v1.IngressLoadBalancerIngress': NetworkingV1IngressLoadBalancerIngress;
  readonly 'networking.v1.IngressLoadBalancerStatus': NetworkingV1IngressLoadBalancerStatus;
  readonly 'networking.v1.IngressPortStatus': NetworkingV1IngressPortStatus;
  readonly 'networking.v1.IngressRule': NetworkingV1IngressRule;
  readonly 'networking.v1.IngressRuleValue': NetworkingV1IngressRuleValue;
  readonly 'networking.v1.IngressServiceBackend': NetworkingV1IngressServiceBackend;
  readonly 'networking.v1.IngressSpec': NetworkingV1IngressSpec;
  readonly 'networking.v1.IngressStatus': NetworkingV1IngressStatus;
  readonly 'networking.v1.IngressTLS': NetworkingV1IngressTLS;
  readonly 'networking.v1.ParentReference': NetworkingV1ParentReference;
  readonly 'networking.v1.ServiceBackendPort': NetworkingV1ServiceBackendPort;
  readonly 'networking.v1.ServiceCIDR': NetworkingV1ServiceCIDR;
  readonly 'networking.v1.ServiceCIDRList': NetworkingV1ServiceCIDRList;
  readonly 'networking.v1.ServiceCIDRSpec': NetworkingV1ServiceCIDRSpec;
  readonly 'networking.v1.ServiceCIDRStatus': NetworkingV1ServiceCIDRStatus;
  readonly 'policy.v1.Eviction': PolicyV1Eviction;
  readonly 'runtime.TypeMeta': RuntimeTypeMeta;
  readonly 'runtime.Unknown': RuntimeUnknown;
}

interface AppsV1Deployment {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AppsV1DeploymentSpec;
  readonly status?: AppsV1DeploymentStatus;
}

interface AppsV1DeploymentCondition {
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status?: string;
  readonly type?: string;
}

interface AppsV1DeploymentList {
  readonly items?: readonly AppsV1Deployment[];
  readonly metadata?: MetaListMeta;
}

interface AppsV1DeploymentSpec {
  readonly minReadySeconds?: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
  readonly replicas?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector?: MetaLabelSelector;
  readonly strategy?: AppsV1DeploymentStrategy;
  readonly template?: CoreV1PodTemplateSpec;
}

interface AppsV1DeploymentStatus {
  readonly availableReplicas?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly AppsV1DeploymentCondition[];
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly replicas?: number;
  readonly terminatingReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly updatedReplicas?: number;
}

interface AppsV1DeploymentStrategy {
  readonly rollingUpdate?: AppsV1RollingUpdateDeployment;
  readonly type?: string;
}

interface AppsV1ReplicaSet {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AppsV1ReplicaSetSpec;
  readonly status?: AppsV1ReplicaSetStatus;
}

interface AppsV1ReplicaSetCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status?: string;
  readonly type?: string;
}

interface AppsV1ReplicaSetList {
  readonly items?: readonly AppsV1ReplicaSet[];
  readonly metadata?: MetaListMeta;
}

interface AppsV1ReplicaSetSpec {
  readonly minReadySeconds?: number;
  readonly replicas?: number;
  readonly selector?: MetaLabelSelector;
  readonly template?: CoreV1PodTemplateSpec;
}

interface AppsV1ReplicaSetStatus {
  readonly availableReplicas?: number;
  readonly conditions?: readonly AppsV1ReplicaSetCondition[];
  readonly fullyLabeledReplicas?: number;
  readonly observedGeneration?: number;
  readonly readyReplicas?: number;
  readonly replicas?: number;
  readonly terminatingReplicas?: number;
}

interface AppsV1RollingUpdateDeployment {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

interface AuthenticationV1BoundObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
}

interface AuthenticationV1ExtraValue {
  readonly items?: readonly string[];
}

interface AuthenticationV1SelfSubjectReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly status?: AuthenticationV1SelfSubjectReviewStatus;
}

interface AuthenticationV1SelfSubjectReviewStatus {
  readonly userInfo?: AuthenticationV1UserInfo;
}

interface AuthenticationV1TokenRequest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthenticationV1TokenRequestSpec;
  readonly status?: AuthenticationV1TokenRequestStatus;
}

interface AuthenticationV1TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly boundObjectRef?: AuthenticationV1BoundObjectReference;
  readonly expirationSeconds?: number;
}

interface AuthenticationV1TokenRequestStatus {
  readonly expirationTimestamp?: string;
  readonly token?: string;
}

interface AuthenticationV1TokenReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthenticationV1TokenReviewSpec;
  readonly status?: AuthenticationV1TokenReviewStatus;
}

interface AuthenticationV1TokenReviewSpec {
  readonly audiences?: readonly string[];
  readonly token?: string;
}

interface AuthenticationV1TokenReviewStatus {
  readonly audiences?: readonly string[];
  readonly authenticated?: boolean;
  readonly error?: string;
  readonly user?: AuthenticationV1UserInfo;
}

interface AuthenticationV1UserInfo {
  readonly extra?: { readonly [key: string]: AuthenticationV1ExtraValue };
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly username?: string;
}

interface AuthorizationV1ExtraValue {
  readonly items?: readonly string[];
}

interface AuthorizationV1FieldSelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly MetaFieldSelectorRequirement[];
}

interface AuthorizationV1LabelSelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly MetaLabelSelectorRequirement[];
}

interface AuthorizationV1LocalSubjectAccessReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthorizationV1SubjectAccessReviewSpec;
  readonly status?: AuthorizationV1SubjectAccessReviewStatus;
}

interface AuthorizationV1NonResourceAttributes {
  readonly path?: string;
  readonly verb?: string;
}

interface AuthorizationV1NonResourceRule {
  readonly nonResourceURLs?: readonly string[];
  readonly verbs?: readonly string[];
}

interface AuthorizationV1ResourceAttributes {
  readonly fieldSelector?: AuthorizationV1FieldSelectorAttributes;
  readonly group?: string;
  readonly labelSelector?: AuthorizationV1LabelSelectorAttributes;
  readonly name?: string;
  readonly namespace?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly verb?: string;
  readonly version?: string;
}

interface AuthorizationV1ResourceRule {
  readonly apiGroups?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs?: readonly string[];
}

interface AuthorizationV1SelfSubjectAccessReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthorizationV1SelfSubjectAccessReviewSpec;
  readonly status?: AuthorizationV1SubjectAccessReviewStatus;
}

interface AuthorizationV1SelfSubjectAccessReviewSpec {
  readonly nonResourceAttributes?: AuthorizationV1NonResourceAttributes;
  readonly resourceAttributes?: AuthorizationV1ResourceAttributes;
}

interface AuthorizationV1SelfSubjectRulesReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthorizationV1SelfSubjectRulesReviewSpec;
  readonly status?: AuthorizationV1SubjectRulesReviewStatus;
}

interface AuthorizationV1SelfSubjectRulesReviewSpec {
  readonly namespace?: string;
}

interface AuthorizationV1SubjectAccessReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthorizationV1SubjectAccessReviewSpec;
  readonly status?: AuthorizationV1SubjectAccessReviewStatus;
}

interface AuthorizationV1SubjectAccessReviewSpec {
  readonly extra?: { readonly [key: string]: AuthorizationV1ExtraValue };
  readonly groups?: readonly string[];
  readonly nonResourceAttributes?: AuthorizationV1NonResourceAttributes;
  readonly resourceAttributes?: AuthorizationV1ResourceAttributes;
  readonly uid?: string;
  readonly user?: string;
}

interface AuthorizationV1SubjectAccessReviewStatus {
  readonly allowed?: boolean;
  readonly denied?: boolean;
  readonly evaluationError?: string;
  readonly reason?: string;
}

interface AuthorizationV1SubjectRulesReviewStatus {
  readonly evaluationError?: string;
  readonly incomplete?: boolean;
  readonly nonResourceRules?: readonly AuthorizationV1NonResourceRule[];
  readonly resourceRules?: readonly AuthorizationV1ResourceRule[];
}

interface AutoscalingV1Scale {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AutoscalingV1ScaleSpec;
  readonly status?: AutoscalingV1ScaleStatus;
}

interface AutoscalingV1ScaleSpec {
  readonly replicas?: number;
}

interface AutoscalingV1ScaleStatus {
  readonly replicas?: number;
  readonly selector?: string;
}

interface CoordinationV1Lease {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoordinationV1LeaseSpec;
}

interface CoordinationV1LeaseList {
  readonly items?: readonly CoordinationV1Lease[];
  readonly metadata?: MetaListMeta;
}

interface CoordinationV1LeaseSpec {
  readonly acquireTime?: string;
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly leaseTransitions?: number;
  readonly preferredHolder?: string;
  readonly renewTime?: string;
  readonly strategy?: string;
}

interface CoreV1AWSElasticBlockStoreVolumeSource {
  readonly fsType?: string;
  readonly partition?: number;
  readonly readOnly?: boolean;
  readonly volumeID?: string;
}

interface CoreV1Affinity {
  readonly nodeAffinity?: CoreV1NodeAffinity;
  readonly podAffinity?: CoreV1PodAffinity;
  readonly podAntiAffinity?: CoreV1PodAntiAffinity;
}

interface CoreV1AppArmorProfile {
  readonly localhostProfile?: string;
  readonly type?: string;
}

interface CoreV1AttachedVolume {
  readonly devicePath?: string;
  readonly name?: string;
}

interface CoreV1AzureDiskVolumeSource {
  readonly cachingMode?: string;
  readonly diskName?: string;
  readonly diskURI?: string;
  readonly fsType?: string;
  readonly kind?: string;
  readonly readOnly?: boolean;
}

interface CoreV1AzureFileVolumeSource {
  readonly readOnly?: boolean;
  readonly secretName?: string;
  readonly shareName?: string;
}

interface CoreV1CSIVolumeSource {
  readonly driver?: string;
  readonly fsType?: string;
  readonly nodePublishSecretRef?: CoreV1LocalObjectReference;
  readonly readOnly?: boolean;
  readonly volumeAttributes?: { readonly [key: string]: string };
}

interface CoreV1Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

interface CoreV1CephFSVolumeSource {
  readonly monitors?: readonly string[];
  readonly path?: string;
  readonly readOnly?: boolean;
  readonly secretFile?: string;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly user?: string;
}

interface CoreV1CinderVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly volumeID?: string;
}

interface CoreV1ClientIPConfig {
  readonly timeoutSeconds?: number;
}

interface CoreV1ClusterTrustBundleProjection {
  readonly labelSelector?: MetaLabelSelector;
  readonly name?: string;
  readonly optional?: boolean;
  readonly path?: string;
  readonly signerName?: string;
}

interface CoreV1ConfigMap {
  readonly kind: string;
  readonly apiVersion: string;
  readonly binaryData?: { readonly [key: string]: string };
  readonly data?: { readonly [key: string]: string };
  readonly immutable?: boolean;
  readonly metadata: MetaObjectMeta;
}

interface CoreV1ConfigMapEnvSource extends CoreV1LocalObjectReference {
  readonly optional?: boolean;
}

interface CoreV1ConfigMapKeySelector extends CoreV1LocalObjectReference {
  readonly key?: string;
  readonly optional?: boolean;
}

interface CoreV1ConfigMapList {
  readonly items?: readonly CoreV1ConfigMap[];
  readonly metadata?: MetaListMeta;
}

interface CoreV1ConfigMapNodeConfigSource {
  readonly kubeletConfigKey?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly uid?: string;
}

interface CoreV1ConfigMapProjection extends CoreV1LocalObjectReference {
  readonly items?: readonly CoreV1KeyToPath[];
  readonly optional?: boolean;
}

interface CoreV1ConfigMapVolumeSource extends CoreV1LocalObjectReference {
  readonly defaultMode?: number;
  readonly items?: readonly CoreV1KeyToPath[];
  readonly optional?: boolean;
}

interface CoreV1Container {
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly CoreV1EnvVar[];
  readonly envFrom?: readonly CoreV1EnvFromSource[];
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly lifecycle?: CoreV1Lifecycle;
  readonly livenessProbe?: CoreV1Probe;
  readonly name?: string;
  readonly ports?: readonly CoreV1ContainerPort[];
  readonly readinessProbe?: CoreV1Probe;
  readonly resizePolicy?: readonly CoreV1ContainerResizePolicy[];
  readonly resources?: CoreV1ResourceRequirements;
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly CoreV1ContainerRestartRule[];
  readonly securityContext?: CoreV1SecurityContext;
  readonly startupProbe?: CoreV1Probe;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly tty?: boolean;
  readonly volumeDevices?: readonly CoreV1VolumeDevice[];
  readonly volumeMounts?: readonly CoreV1VolumeMount[];
  readonly workingDir?: string;
}

interface CoreV1ContainerExtendedResourceRequest {
  readonly containerName?: string;
  readonly requestName?: string;
  readonly resourceName?: string;
}

interface CoreV1ContainerImage {
  readonly names?: readonly string[];
  readonly sizeBytes?: number;
}

interface CoreV1ContainerPort {
  readonly containerPort?: number;
  readonly hostIP?: string;
  readonly hostPort?: number;
  readonly name?: string;
  readonly protocol?: string;
}

interface CoreV1ContainerResizePolicy {
  readonly resourceName?: string;
  readonly restartPolicy?: string;
}

interface CoreV1ContainerRestartRule {
  readonly action?: string;
  readonly exitCodes?: CoreV1ContainerRestartRuleOnExitCodes;
}

interface CoreV1ContainerRestartRuleOnExitCodes {
  readonly operator?: string;
  readonly values?: readonly number[];
}

interface CoreV1ContainerState {
  readonly running?: CoreV1ContainerStateRunning;
  readonly terminated?: CoreV1ContainerStateTerminated;
  readonly waiting?: CoreV1ContainerStateWaiting;
}

interface CoreV1ContainerStateRunning {
  readonly startedAt?: string;
}

interface CoreV1ContainerStateTerminated {
  readonly containerID?: string;
  readonly exitCode?: number;
  readonly finishedAt?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly signal?: number;
  readonly startedAt?: string;
}

interface CoreV1ContainerStateWaiting {
  readonly message?: string;
  readonly reason?: string;
}

interface CoreV1ContainerStatus {
  readonly allocatedResources?: { readonly [key: string]: string };
  readonly allocatedResourcesStatus?: readonly CoreV1ResourceStatus[];
  readonly containerID?: string;
  readonly image?: string;
  readonly imageID?: string;
  readonly lastState?: CoreV1ContainerState;
  readonly name?: string;
  readonly ready?: boolean;
  readonly resources?: CoreV1ResourceRequirements;
  readonly restartCount?: number;
  readonly started?: boolean;
  readonly state?: CoreV1ContainerState;
  readonly stopSignal?: string;
  readonly user?: CoreV1ContainerUser;
  readonly volumeMounts?: readonly CoreV1VolumeMountStatus[];
}

interface CoreV1ContainerUser {
  readonly linux?: CoreV1LinuxContainerUser;
}

interface CoreV1DaemonEndpoint {
  readonly Port?: number;
}

interface CoreV1DownwardAPIProjection {
  readonly items?: readonly CoreV1DownwardAPIVolumeFile[];
}

interface CoreV1DownwardAPIVolumeFile {
  readonly fieldRef?: CoreV1ObjectFieldSelector;
  readonly mode?: number;
  readonly path?: string;
  readonly resourceFieldRef?: CoreV1ResourceFieldSelector;
}

interface CoreV1DownwardAPIVolumeSource {
  readonly defaultMode?: number;
  readonly items?: readonly CoreV1DownwardAPIVolumeFile[];
}

interface CoreV1EmptyDirVolumeSource {
  readonly medium?: string;
  readonly sizeLimit?: string;
}

interface CoreV1EndpointAddress {
  readonly hostname?: string;
  readonly ip?: string;
  readonly nodeName?: string;
  readonly targetRef?: CoreV1ObjectReference;
}

interface CoreV1EndpointPort {
  readonly appProtocol?: string;
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
}

interface CoreV1EndpointSubset {
  readonly addresses?: readonly CoreV1EndpointAddress[];
  readonly notReadyAddresses?: readonly CoreV1EndpointAddress[];
  readonly ports?: readonly CoreV1EndpointPort[];
}

interface CoreV1Endpoints {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly subsets?: readonly CoreV1EndpointSubset[];
}

interface CoreV1EndpointsList {
  readonly items?: readonly CoreV1Endpoints[];
  readonly metadata?: MetaListMeta;
}

interface CoreV1EnvFromSource {
  readonly configMapRef?: CoreV1ConfigMapEnvSource;
  readonly prefix?: string;
  readonly secretRef?: CoreV1SecretEnvSource;
}

interface CoreV1EnvVar {
  readonly name?: string;
  readonly value?: string;
  readonly valueFrom?: CoreV1EnvVarSource;
}

interface CoreV1EnvVarSource {
  readonly configMapKeyRef?: CoreV1ConfigMapKeySelector;
  readonly fieldRef?: CoreV1ObjectFieldSelector;
  readonly fileKeyRef?: CoreV1FileKeySelector;
  readonly resourceFieldRef?: CoreV1ResourceFieldSelector;
  readonly secretKeyRef?: CoreV1SecretKeySelector;
}

interface CoreV1EphemeralContainer extends CoreV1EphemeralContainerCommon {
  readonly targetContainerName?: string;
}

interface CoreV1EphemeralContainerCommon {
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly CoreV1EnvVar[];
  readonly envFrom?: readonly CoreV1EnvFromSource[];
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly lifecycle?: CoreV1Lifecycle;
  readonly livenessProbe?: CoreV1Probe;
  readonly name?: string;
  readonly ports?: readonly CoreV1ContainerPort[];
  readonly readinessProbe?: CoreV1Probe;
  readonly resizePolicy?: readonly CoreV1ContainerResizePolicy[];
  readonly resources?: CoreV1ResourceRequirements;
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly CoreV1ContainerRestartRule[];
  readonly securityContext?: CoreV1SecurityContext;
  readonly startupProbe?: CoreV1Probe;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly tty?: boolean;
  readonly volumeDevices?: readonly CoreV1VolumeDevice[];
  readonly volumeMounts?: readonly CoreV1VolumeMount[];
  readonly workingDir?: string;
}

interface CoreV1EphemeralVolumeSource {
  readonly volumeClaimTemplate?: CoreV1PersistentVolumeClaimTemplate;
}

interface CoreV1Event {
  readonly kind: string;
  readonly apiVersion: string;
  readonly action?: string;
  readonly count?: number;
  readonly eventTime?: string;
  readonly firstTimestamp?: string;
  readonly involvedObject?: CoreV1ObjectReference;
  readonly lastTimestamp?: string;
  readonly message?: string;
  readonly metadata: MetaObjectMeta;
  readonly reason?: string;
  readonly related?: CoreV1ObjectReference;
  readonly reportingComponent?: string;
  readonly reportingInstance?: string;
  readonly series?: CoreV1EventSeries;
  readonly source?: CoreV1EventSource;
  readonly type?: string;
}

interface CoreV1EventList {
  readonly items?: readonly CoreV1Event[];
  readonly metadata?: MetaListMeta;
}

interface CoreV1EventSeries {
  readonly count?: number;
  readonly lastObservedTime?: string;
}

interface CoreV1EventSource {
  readonly component?: string;
  readonly host?: string;
}

interface CoreV1ExecAction {
  readonly command?: readonly string[];
}

interface CoreV1FCVolumeSource {
  readonly fsType?: string;
  readonly lun?: number;
  readonly readOnly?: boolean;
  readonly targetWWNs?: readonly string[];
  readonly wwids?: readonly string[];
}

interface CoreV1FileKeySelector {
  readonly key?: string;
  readonly optional?: boolean;
  readonly path?: string;
  readonly volumeName?: string;
}

interface CoreV1FlexVolumeSource {
  readonly driver?: string;
  readonly fsType?: string;
  readonly options?: { readonly [key: string]: string };
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
}

interface CoreV1FlockerVolumeSource {
  readonly datasetName?: string;
  readonly datasetUUID?: string;
}

interface CoreV1GCEPersistentDiskVolumeSource {
  readonly fsType?: string;
  readonly partition?: number;
  readonly pdName?: string;
  readonly readOnly?: boolean;
}

interface CoreV1GRPCAction {
  readonly port?: number;
  readonly service?: string;
}

interface CoreV1GitRepoVolumeSource {
  readonly directory?: string;
  readonly repository?: string;
  readonly revision?: string;
}

interface CoreV1GlusterfsVolumeSource {
  readonly endpoints?: string;
  readonly path?: string;
  readonly readOnly?: boolean;
}

interface CoreV1HTTPGetAction {
  readonly host?: string;
  readonly httpHeaders?: readonly CoreV1HTTPHeader[];
  readonly path?: string;
  readonly port?: number | string;
  readonly scheme?: string;
}

interface CoreV1HTTPHeader {
  readonly name?: string;
  readonly value?: string;
}

interface CoreV1HostAlias {
  readonly hostnames?: readonly string[];
  readonly ip?: string;
}

interface CoreV1HostIP {
  readonly ip?: string;
}

interface CoreV1HostPathVolumeSource {
  readonly path?: string;
  readonly type?: string;
}

interface CoreV1ISCSIVolumeSource {
  readonly chapAuthDiscovery?: boolean;
  readonly chapAuthSession?: boolean;
  readonly fsType?: string;
  readonly initiatorName?: string;
  readonly iqn?: string;
  readonly iscsiInterface?: string;
  readonly lun?: number;
  readonly portals?: readonly string[];
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly targetPortal?: string;
}

interface CoreV1ImageVolumeSource {
  readonly pullPolicy?: string;
  readonly reference?: string;
}

interface CoreV1ImageVolumeStatus {
  readonly imageRef?: string;
}

interface CoreV1KeyToPath {
  readonly key?: string;
  readonly mode?: number;
  readonly path?: string;
}

interface CoreV1Lifecycle {
  readonly postStart?: CoreV1LifecycleHandler;
  readonly preStop?: CoreV1LifecycleHandler;
  readonly stopSignal?: string;
}

interface CoreV1LifecycleHandler {
  readonly exec?: CoreV1ExecAction;
  readonly httpGet?: CoreV1HTTPGetAction;
  readonly sleep?: CoreV1SleepAction;
  readonly tcpSocket?: CoreV1TCPSocketAction;
}

interface CoreV1LinuxContainerUser {
  readonly gid?: number;
  readonly supplementalGroups?: readonly number[];
  readonly uid?: number;
}

interface CoreV1LoadBalancerIngress {
  readonly hostname?: string;
  readonly ip?: string;
  readonly ipMode?: string;
  readonly ports?: readonly CoreV1PortStatus[];
}

interface CoreV1LoadBalancerStatus {
  readonly ingress?: readonly CoreV1LoadBalancerIngress[];
}

interface CoreV1LocalObjectReference {
  readonly name?: string;
}

interface CoreV1NFSVolumeSource {
  readonly path?: string;
  readonly readOnly?: boolean;
  readonly server?: string;
}

interface CoreV1Namespace {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1NamespaceSpec;
  readonly status?: CoreV1NamespaceStatus;
}

interface CoreV1NamespaceCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status?: string;
  readonly type?: string;
}

interface CoreV1NamespaceList {
  readonly items?: readonly CoreV1Namespace[];
  readonly metadata?: MetaListMeta;
}

interface CoreV1NamespaceSpec {
  readonly finalizers?: readonly string[];
}

interface CoreV1NamespaceStatus {
  readonly conditions?: readonly CoreV1NamespaceCondition[];
  readonly phase?: string;
}

interface CoreV1Node {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1NodeSpec;
  readonly status?: CoreV1NodeStatus;
}

interface CoreV1NodeAddress {
  readonly address?: string;
  readonly type?: string;
}

interface CoreV1NodeAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1PreferredSchedulingTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: CoreV1NodeSelector;
}

interface CoreV1NodeAllocatableResourceClaimStatus {
  readonly containers?: readonly string[];
  readonly resourceClaimName?: string;
  readonly resources?: { readonly [key: string]: string };
}

interface CoreV1NodeCondition {
  readonly lastHeartbeatTime?: string;
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status?: string;
  readonly type?: string;
}

interface CoreV1NodeConfigSource {
  readonly configMap?: CoreV1ConfigMapNodeConfigSource;
}

interface CoreV1NodeConfigStatus {
  readonly active?: CoreV1NodeConfigSource;
  readonly assigned?: CoreV1NodeConfigSource;
  readonly error?: string;
  readonly lastKnownGood?: CoreV1NodeConfigSource;
}

interface CoreV1NodeDaemonEndpoints {
  readonly kubeletEndpoint?: CoreV1DaemonEndpoint;
}

interface CoreV1NodeFeatures {
  readonly supplementalGroupsPolicy?: boolean;
}

interface CoreV1NodeList {
  readonly items?: readonly CoreV1Node[];
  readonly metadata?: MetaListMeta;
}

interface CoreV1NodeRuntimeHandler {
  readonly features?: CoreV1NodeRuntimeHandlerFeatures;
  readonly name?: string;
}

interface CoreV1NodeRuntimeHandlerFeatures {
  readonly recursiveReadOnlyMounts?: boolean;
  readonly userNamespaces?: boolean;
}

interface CoreV1NodeSelector {
  readonly nodeSelectorTerms?: readonly CoreV1NodeSelectorTerm[];
}

interface CoreV1NodeSelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

interface CoreV1NodeSelectorTerm {
  readonly matchExpressions?: readonly CoreV1NodeSelectorRequirement[];
  readonly matchFields?: readonly CoreV1NodeSelectorRequirement[];
}

interface CoreV1NodeSpec {
  readonly configSource?: CoreV1NodeConfigSource;
  readonly externalID?: string;
  readonly podCIDR?: string;
  readonly podCIDRs?: readonly string[];
  readonly providerID?: string;
  readonly taints?: readonly CoreV1Taint[];
  readonly unschedulable?: boolean;
}

interface CoreV1NodeStatus {
  readonly addresses?: readonly CoreV1NodeAddress[];
  readonly allocatable?: { readonly [key: string]: string };
  readonly capacity?: { readonly [key: string]: string };
  readonly conditions?: readonly CoreV1NodeCondition[];
  readonly config?: CoreV1NodeConfigStatus;
  readonly daemonEndpoints?: CoreV1NodeDaemonEndpoints;
  readonly declaredFeatures?: readonly string[];
  readonly features?: CoreV1NodeFeatures;
  readonly images?: readonly CoreV1ContainerImage[];
  readonly nodeInfo?: CoreV1NodeSystemInfo;
  readonly phase?: string;
  readonly runtimeHandlers?: readonly CoreV1NodeRuntimeHandler[];
  readonly volumesAttached?: readonly CoreV1AttachedVolume[];
  readonly volumesInUse?: readonly string[];
}

interface CoreV1NodeSwapStatus {
  readonly capacity?: number;
}

interface CoreV1NodeSystemInfo {
  readonly architecture?: string;
  readonly bootID?: string;
  readonly containerRuntimeVersion?: string;
  readonly kernelVersion?: string;
  readonly kubeProxyVersion?: string;
  readonly kubeletVersion?: string;
  readonly machineID?: string;
  readonly operatingSystem?: string;
  readonly osImage?: string;
  readonly swap?: CoreV1NodeSwapStatus;
  readonly systemUUID?: string;
}

interface CoreV1ObjectFieldSelector {
  readonly apiVersion?: string;
  readonly fieldPath?: string;
}

interface CoreV1ObjectReference {
  readonly apiVersion?: string;
  readonly fieldPath?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly uid?: string;
}

interface CoreV1PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[];
  readonly dataSource?: CoreV1TypedLocalObjectReference;
  readonly dataSourceRef?: CoreV1TypedObjectReference;
  readonly resources?: CoreV1VolumeResourceRequirements;
  readonly selector?: MetaLabelSelector;
  readonly storageClassName?: string;
  readonly volumeAttributesClassName?: string;
  readonly volumeMode?: string;
  readonly volumeName?: string;
}

interface CoreV1PersistentVolumeClaimTemplate {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1PersistentVolumeClaimSpec;
}

interface CoreV1PersistentVolumeClaimVolumeSource {
  readonly claimName?: string;
  readonly readOnly?: boolean;
}

interface CoreV1PhotonPersistentDiskVolumeSource {
  readonly fsType?: string;
  readonly pdID?: string;
}

interface CoreV1Pod {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1PodSpec;
  readonly status?: CoreV1PodStatus;
}

interface CoreV1PodAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1WeightedPodAffinityTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1PodAffinityTerm[];
}

interface CoreV1PodAffinityTerm {
  readonly labelSelector?: MetaLabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  readonly namespaceSelector?: MetaLabelSelector;
  readonly namespaces?: readonly string[];
  readonly topologyKey?: string;
}

interface CoreV1PodAntiAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1WeightedPodAffinityTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1PodAffinityTerm[];
}

interface CoreV1PodCertificateProjection {
  readonly certificateChainPath?: string;
  readonly credentialBundlePath?: string;
  readonly keyPath?: string;
  readonly keyType?: string;
  readonly maxExpirationSeconds?: number;
  readonly signerName?: string;
  readonly userAnnotations?: { readonly [key: string]: string };
}

interface CoreV1PodCondition {
  readonly lastProbeTime?: string;
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly reason?: string;
  readonly status?: string;
  readonly type?: string;
}

interface CoreV1PodDNSConfig {
  readonly nameservers?: readonly string[];
  readonly options?: readonly CoreV1PodDNSConfigOption[];
  readonly searches?: readonly string[];
}

interface CoreV1PodDNSConfigOption {
  readonly name?: string;
  readonly value?: string;
}

interface CoreV1PodExtendedResourceClaimStatus {
  readonly requestMappings?: readonly CoreV1ContainerExtendedResourceRequest[];
  readonly resourceClaimName?: string;
}

interface CoreV1PodIP {
  readonly ip?: string;
}

interface CoreV1PodList {
  readonly items?: readonly CoreV1Pod[];
  readonly metadata?: MetaListMeta;
}

interface CoreV1PodOS {
  readonly name?: string;
}

interface CoreV1PodReadinessGate {
  readonly conditionType?: string;
}

interface CoreV1PodResourceClaim {
  readonly name?: string;
  readonly resourceClaimName?: string;
  readonly resourceClaimTemplateName?: string;
}

interface CoreV1PodResourceClaimStatus {
  readonly name?: string;
  readonly resourceClaimName?: string;
}

interface CoreV1PodSchedulingGate {
  readonly name?: string;
}

interface CoreV1PodSchedulingGroup {
  readonly podGroupName?: string;
}

interface CoreV1PodSecurityContext {
  readonly appArmorProfile?: CoreV1AppArmorProfile;
  readonly fsGroup?: number;
  readonly fsGroupChangePolicy?: string;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seLinuxChangePolicy?: string;
  readonly seLinuxOptions?: CoreV1SELinuxOptions;
  readonly seccompProfile?: CoreV1SeccompProfile;
  readonly supplementalGroups?: readonly number[];
  readonly supplementalGroupsPolicy?: string;
  readonly sysctls?: readonly CoreV1Sysctl[];
  readonly windowsOptions?: CoreV1WindowsSecurityContextOptions;
}

interface CoreV1PodSpec {
  readonly activeDeadlineSeconds?: number;
  readonly affinity?: CoreV1Affinity;
  readonly automountServiceAccountToken?: boolean;
  readonly containers?: readonly CoreV1Container[];
  readonly dnsConfig?: CoreV1PodDNSConfig;
  readonly dnsPolicy?: string;
  readonly enableServiceLinks?: boolean;
  readonly ephemeralContainers?: readonly CoreV1EphemeralContainer[];
  readonly hostAliases?: readonly CoreV1HostAlias[];
  readonly hostIPC?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostUsers?: boolean;
  readonly hostname?: string;
  readonly hostnameOverride?: string;
  readonly imagePullSecrets?: readonly CoreV1LocalObjectReference[];
  readonly initContainers?: readonly CoreV1Container[];
  readonly nodeName?: string;
  readonly nodeSelector?: { readonly [key: string]: string };
  readonly os?: CoreV1PodOS;
  readonly overhead?: { readonly [key: string]: string };
  readonly preemptionPolicy?: string;
  readonly priority?: number;
  readonly priorityClassName?: string;
  readonly readinessGates?: readonly CoreV1PodReadinessGate[];
  readonly resourceClaims?: readonly CoreV1PodResourceClaim[];
  readonly resources?: CoreV1ResourceRequirements;
  readonly restartPolicy?: string;
  readonly runtimeClassName?: string;
  readonly schedulerName?: string;
  readonly schedulingGates?: readonly CoreV1PodSchedulingGate[];
  readonly schedulingGroup?: CoreV1PodSchedulingGroup;
  readonly securityContext?: CoreV1PodSecurityContext;
  readonly serviceAccount?: string;
  readonly serviceAccountName?: string;
  readonly setHostnameAsFQDN?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly subdomain?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly tolerations?: readonly CoreV1Toleration[];
  readonly topologySpreadConstraints?: readonly CoreV1TopologySpreadConstraint[];
  readonly volumes?: readonly CoreV1Volume[];
}

interface CoreV1PodStatus {
  readonly allocatedResources?: { readonly [key: string]: string };
  readonly conditions?: readonly CoreV1PodCondition[];
  readonly containerStatuses?: readonly CoreV1ContainerStatus[];
  readonly ephemeralContainerStatuses?: readonly CoreV1ContainerStatus[];
  readonly extendedResourceClaimStatus?: CoreV1PodExtendedResourceClaimStatus;
  readonly hostIP?: string;
  readonly hostIPs?: readonly CoreV1HostIP[];
  readonly initContainerStatuses?: readonly CoreV1ContainerStatus[];
  readonly message?: string;
  readonly nodeAllocatableResourceClaimStatuses?: readonly CoreV1NodeAllocatableResourceClaimStatus[];
  readonly nominatedNodeName?: string;
  readonly observedGeneration?: number;
  readonly phase?: string;
  readonly podIP?: string;
  readonly podIPs?: readonly CoreV1PodIP[];
  readonly qosClass?: string;
  readonly reason?: string;
  readonly resize?: string;
  readonly resourceClaimStatuses?: readonly CoreV1PodResourceClaimStatus[];
  readonly resources?: CoreV1ResourceRequirements;
  readonly startTime?: string;
}

interface CoreV1PodTemplateSpec {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1PodSpec;
}

interface CoreV1PortStatus {
  readonly error?: string;
  readonly port?: number;
  readonly protocol?: string;
}

interface CoreV1PortworxVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly volumeID?: string;
}

interface CoreV1PreferredSchedulingTerm {
  readonly preference?: CoreV1NodeSelectorTerm;
  readonly weight?: number;
}

interface CoreV1Probe extends CoreV1ProbeHandler {
  readonly failureThreshold?: number;
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly terminationGracePeriodSeconds?: number;
  readonly timeoutSeconds?: number;
}

interface CoreV1ProbeHandler {
  readonly exec?: CoreV1ExecAction;
  readonly grpc?: CoreV1GRPCAction;
  readonly httpGet?: CoreV1HTTPGetAction;
  readonly tcpSocket?: CoreV1TCPSocketAction;
}

interface CoreV1ProjectedVolumeSource {
  readonly defaultMode?: number;
  readonly sources?: readonly CoreV1VolumeProjection[];
}

interface CoreV1QuobyteVolumeSource {
  readonly group?: string;
  readonly readOnly?: boolean;
  readonly registry?: string;
  readonly tenant?: string;
  readonly user?: string;
  readonly volume?: string;
}

interface CoreV1RBDVolumeSource {
  readonly fsType?: string;
  readonly image?: string;
  readonly keyring?: string;
  readonly monitors?: readonly string[];
  readonly pool?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly user?: string;
}

interface CoreV1ResourceClaim {
  readonly name?: string;
  readonly request?: string;
}

interface CoreV1ResourceFieldSelector {
  readonly containerName?: string;
  readonly divisor?: string;
  readonly resource?: string;
}

interface CoreV1ResourceHealth {
  readonly health?: string;
  readonly message?: string;
  readonly resourceID?: string;
}

interface CoreV1ResourceRequirements {
  readonly claims?: readonly CoreV1ResourceClaim[];
  readonly limits?: { readonly [key: string]: string };
  readonly requests?: { readonly [key: string]: string };
}

interface CoreV1ResourceStatus {
  readonly name?: string;
  readonly resources?: readonly CoreV1ResourceHealth[];
}

interface CoreV1SELinuxOptions {
  readonly level?: string;
  readonly role?: string;
  readonly type?: string;
  readonly user?: string;
}

interface CoreV1ScaleIOVolumeSource {
  readonly fsType?: string;
  readonly gateway?: string;
  readonly protectionDomain?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly sslEnabled?: boolean;
  readonly storageMode?: string;
  readonly storagePool?: string;
  readonly system?: string;
  readonly volumeName?: string;
}

interface CoreV1SeccompProfile {
  readonly localhostProfile?: string;
  readonly type?: string;
}

interface CoreV1SecretEnvSource extends CoreV1LocalObjectReference {
  readonly optional?: boolean;
}

interface CoreV1SecretKeySelector extends CoreV1LocalObjectReference {
  readonly key?: string;
  readonly optional?: boolean;
}

interface CoreV1SecretProjection extends CoreV1LocalObjectReference {
  readonly items?: readonly CoreV1KeyToPath[];
  readonly optional?: boolean;
}

interface CoreV1SecretVolumeSource {
  readonly defaultMode?: number;
  readonly items?: readonly CoreV1KeyToPath[];
  readonly optional?: boolean;
  readonly secretName?: string;
}

interface CoreV1SecurityContext {
  readonly allowPrivilegeEscalation?: boolean;
  readonly appArmorProfile?: CoreV1AppArmorProfile;
  readonly capabilities?: CoreV1Capabilities;
  readonly privileged?: boolean;
  readonly procMount?: string;
  readonly readOnlyRootFilesystem?: boolean;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seLinuxOptions?: CoreV1SELinuxOptions;
  readonly seccompProfile?: CoreV1SeccompProfile;
  readonly windowsOptions?: CoreV1WindowsSecurityContextOptions;
}

interface CoreV1Service {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1ServiceSpec;
  readonly status?: CoreV1ServiceStatus;
}

interface CoreV1ServiceAccount {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly secrets?: readonly CoreV1ObjectReference[];
  readonly imagePullSecrets?: readonly CoreV1LocalObjectReference[];
  readonly automountServiceAccountToken?: boolean;
}

interface CoreV1ServiceAccountTokenProjection {
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly path?: string;
}

interface CoreV1ServiceList {
  readonly items?: readonly CoreV1Service[];
  readonly metadata?: MetaListMeta;
}

interface CoreV1ServicePort {
  readonly appProtocol?: string;
  readonly name?: string;
  readonly nodePort?: number;
  readonly port?: number;
  readonly protocol?: string;
  readonly targetPort?: number | string;
}

interface CoreV1ServiceSpec {
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly externalTrafficPolicy?: string;
  readonly healthCheckNodePort?: number;
  readonly internalTrafficPolicy?: string;
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly loadBalancerClass?: string;
  readonly loadBalancerIP?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly ports?: readonly CoreV1ServicePort[];
  readonly publishNotReadyAddresses?: boolean;
  readonly selector?: { readonly [key: string]: string };
  readonly sessionAffinity?: string;
  readonly sessionAffinityConfig?: CoreV1SessionAffinityConfig;
  readonly trafficDistribution?: string;
  readonly type?: string;
}

interface CoreV1ServiceStatus {
  readonly conditions?: readonly MetaCondition[];
  readonly loadBalancer?: CoreV1LoadBalancerStatus;
}

interface CoreV1SessionAffinityConfig {
  readonly clientIP?: CoreV1ClientIPConfig;
}

interface CoreV1SleepAction {
  readonly seconds?: number;
}

interface CoreV1StorageOSVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly volumeName?: string;
  readonly volumeNamespace?: string;
}

interface CoreV1Sysctl {
  readonly name?: string;
  readonly value?: string;
}

interface CoreV1TCPSocketAction {
  readonly host?: string;
  readonly port?: number | string;
}

interface CoreV1Taint {
  readonly effect?: string;
  readonly key?: string;
  readonly timeAdded?: string;
  readonly value?: string;
}

interface CoreV1Toleration {
  readonly effect?: string;
  readonly key?: string;
  readonly operator?: string;
  readonly tolerationSeconds?: number;
  readonly value?: string;
}

interface CoreV1TopologySpreadConstraint {
  readonly labelSelector?: MetaLabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly maxSkew?: number;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
  readonly topologyKey?: string;
  readonly whenUnsatisfiable?: string;
}

interface CoreV1TypedLocalObjectReference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
}

interface CoreV1TypedObjectReference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

interface CoreV1Volume extends CoreV1VolumeSource {
  readonly name?: string;
}

interface CoreV1VolumeDevice {
  readonly devicePath?: string;
  readonly name?: string;
}

interface CoreV1VolumeMount {
  readonly mountPath?: string;
  readonly mountPropagation?: string;
  readonly name?: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
}

interface CoreV1VolumeMountStatus {
  readonly mountPath?: string;
  readonly name?: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: string;
  readonly volumeStatus?: CoreV1VolumeStatus;
}

interface CoreV1VolumeProjection {
  readonly clusterTrustBundle?: CoreV1ClusterTrustBundleProjection;
  readonly configMap?: CoreV1ConfigMapProjection;
  readonly downwardAPI?: CoreV1DownwardAPIProjection;
  readonly podCertificate?: CoreV1PodCertificateProjection;
  readonly secret?: CoreV1SecretProjection;
  readonly serviceAccountToken?: CoreV1ServiceAccountTokenProjection;
}

interface CoreV1VolumeResourceRequirements {
  readonly limits?: { readonly [key: string]: string };
  readonly requests?: { readonly [key: string]: string };
}

interface CoreV1VolumeSource {
  readonly awsElasticBlockStore?: CoreV1AWSElasticBlockStoreVolumeSource;
  readonly azureDisk?: CoreV1AzureDiskVolumeSource;
  readonly azureFile?: CoreV1AzureFileVolumeSource;
  readonly cephfs?: CoreV1CephFSVolumeSource;
  readonly cinder?: CoreV1CinderVolumeSource;
  readonly configMap?: CoreV1ConfigMapVolumeSource;
  readonly csi?: CoreV1CSIVolumeSource;
  readonly downwardAPI?: CoreV1DownwardAPIVolumeSource;
  readonly emptyDir?: CoreV1EmptyDirVolumeSource;
  readonly ephemeral?: CoreV1EphemeralVolumeSource;
  readonly fc?: CoreV1FCVolumeSource;
  readonly flexVolume?: CoreV1FlexVolumeSource;
  readonly flocker?: CoreV1FlockerVolumeSource;
  readonly gcePersistentDisk?: CoreV1GCEPersistentDiskVolumeSource;
  readonly gitRepo?: CoreV1GitRepoVolumeSource;
  readonly glusterfs?: CoreV1GlusterfsVolumeSource;
  readonly hostPath?: CoreV1HostPathVolumeSource;
  readonly image?: CoreV1ImageVolumeSource;
  readonly iscsi?: CoreV1ISCSIVolumeSource;
  readonly nfs?: CoreV1NFSVolumeSource;
  readonly persistentVolumeClaim?: CoreV1PersistentVolumeClaimVolumeSource;
  readonly photonPersistentDisk?: CoreV1PhotonPersistentDiskVolumeSource;
  readonly portworxVolume?: CoreV1PortworxVolumeSource;
  readonly projected?: CoreV1ProjectedVolumeSource;
  readonly quobyte?: CoreV1QuobyteVolumeSource;
  readonly rbd?: CoreV1RBDVolumeSource;
  readonly scaleIO?: CoreV1ScaleIOVolumeSource;
  readonly secret?: CoreV1SecretVolumeSource;
  readonly storageos?: CoreV1StorageOSVolumeSource;
  readonly vsphereVolume?: CoreV1VsphereVirtualDiskVolumeSource;
}

interface CoreV1VolumeStatus {
  readonly image?: CoreV1ImageVolumeStatus;
}

interface CoreV1VsphereVirtualDiskVolumeSource {
  readonly fsType?: string;
  readonly storagePolicyID?: string;
  readonly storagePolicyName?: string;
  readonly volumePath?: string;
}

interface CoreV1WeightedPodAffinityTerm {
  readonly podAffinityTerm?: CoreV1PodAffinityTerm;
  readonly weight?: number;
}

interface CoreV1WindowsSecurityContextOptions {
  readonly gmsaCredentialSpec?: string;
  readonly gmsaCredentialSpecName?: string;
  readonly hostProcess?: boolean;
  readonly runAsUserName?: string;
}

interface DiscoveryV1Endpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: DiscoveryV1EndpointConditions;
  readonly deprecatedTopology?: { readonly [key: string]: string };
  readonly hints?: DiscoveryV1EndpointHints;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: CoreV1ObjectReference;
  readonly zone?: string;
}

interface DiscoveryV1EndpointConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

interface DiscoveryV1EndpointHints {
  readonly forNodes?: readonly DiscoveryV1ForNode[];
  readonly forZones?: readonly DiscoveryV1ForZone[];
}

interface DiscoveryV1EndpointPort {
  readonly appProtocol?: string;
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
}

interface DiscoveryV1EndpointSlice {
  readonly kind: string;
  readonly apiVersion: string;
  readonly addressType?: string;
  readonly endpoints?: readonly DiscoveryV1Endpoint[];
  readonly metadata: MetaObjectMeta;
  readonly ports?: readonly DiscoveryV1EndpointPort[];
}

interface DiscoveryV1EndpointSliceList {
  readonly items?: readonly DiscoveryV1EndpointSlice[];
  readonly metadata?: MetaListMeta;
}

interface DiscoveryV1ForNode {
  readonly name?: string;
}

interface DiscoveryV1ForZone {
  readonly name?: string;
}

interface EventsV1Event {
  readonly kind: string;
  readonly apiVersion: string;
  readonly action?: string;
  readonly deprecatedCount?: number;
  readonly deprecatedFirstTimestamp?: string;
  readonly deprecatedLastTimestamp?: string;
  readonly deprecatedSource?: CoreV1EventSource;
  readonly eventTime?: string;
  readonly metadata: MetaObjectMeta;
  readonly note?: string;
  readonly reason?: string;
  readonly regarding?: CoreV1ObjectReference;
  readonly related?: CoreV1ObjectReference;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly series?: EventsV1EventSeries;
  readonly type?: string;
}

interface EventsV1EventList {
  readonly items?: readonly EventsV1Event[];
  readonly metadata?: MetaListMeta;
}

interface EventsV1EventSeries {
  readonly count?: number;
  readonly lastObservedTime?: string;
}

interface MetaCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly reason?: string;
  readonly status?: string;
  readonly type?: string;
}

interface MetaDeleteOptions {
  readonly dryRun?: readonly string[];
  readonly gracePeriodSeconds?: number;
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
  readonly orphanDependents?: boolean;
  readonly preconditions?: MetaPreconditions;
  readonly propagationPolicy?: string;
}

interface MetaFieldSelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

interface MetaLabelSelector {
  readonly matchExpressions?: readonly MetaLabelSelectorRequirement[];
  readonly matchLabels?: { readonly [key: string]: string };
}

interface MetaLabelSelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

interface MetaListMeta {
  readonly continue?: string;
  readonly remainingItemCount?: number;
  readonly resourceVersion?: string;
  readonly selfLink?: string;
  readonly shardInfo?: MetaShardInfo;
}

interface MetaManagedFieldsEntry {
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: JsonObject;
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
}

interface MetaObjectMeta {
  readonly annotations?: { readonly [key: string]: string };
  readonly creationTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly generateName?: string;
  readonly generation?: number;
  readonly labels?: { readonly [key: string]: string };
  readonly managedFields?: readonly MetaManagedFieldsEntry[];
  readonly name?: string;
  readonly namespace?: string;
  readonly ownerReferences?: readonly MetaOwnerReference[];
  readonly resourceVersion?: string;
  readonly selfLink?: string;
  readonly uid?: string;
}

interface MetaOwnerReference {
  readonly apiVersion?: string;
  readonly blockOwnerDeletion?: boolean;
  readonly controller?: boolean;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
}

interface MetaPartialObjectMetadata {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
}

interface MetaPartialObjectMetadataList {
  readonly items?: readonly MetaPartialObjectMetadata[];
  readonly metadata?: MetaListMeta;
}

interface MetaPreconditions {
  readonly resourceVersion?: string;
  readonly uid?: string;
}

interface MetaShardInfo {
  readonly selector?: string;
}

interface MetaStatus {
  readonly code?: number;
  readonly details?: MetaStatusDetails;
  readonly message?: string;
  readonly metadata?: MetaListMeta;
  readonly reason?: string;
  readonly status?: string;
}

interface MetaStatusCause {
  readonly field?: string;
  readonly message?: string;
  readonly reason?: string;
}

interface MetaStatusDetails {
  readonly causes?: readonly MetaStatusCause[];
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly retryAfterSeconds?: number;
  readonly uid?: string;
}

interface MetaWatchEvent {
  readonly object?: JsonObject;
  readonly type?: string;
}

interface NetworkingV1HTTPIngressPath {
  readonly backend?: NetworkingV1IngressBackend;
  readonly path?: string;
  readonly pathType?: string;
}

interface NetworkingV1HTTPIngressRuleValue {
  readonly paths?: readonly NetworkingV1HTTPIngressPath[];
}

interface NetworkingV1IPAddress {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: NetworkingV1IPAddressSpec;
}

interface NetworkingV1IPAddressList {
  readonly items?: readonly NetworkingV1IPAddress[];
  readonly metadata?: MetaListMeta;
}

interface NetworkingV1IPAddressSpec {
  readonly parentRef?: NetworkingV1ParentReference;
}

interface NetworkingV1Ingress {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: NetworkingV1IngressSpec;
  readonly status?: NetworkingV1IngressStatus;
}

interface NetworkingV1IngressBackend {
  readonly resource?: CoreV1TypedLocalObjectReference;
  readonly service?: NetworkingV1IngressServiceBackend;
}

interface NetworkingV1IngressClass {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: NetworkingV1IngressClassSpec;
}

interface NetworkingV1IngressClassList {
  readonly items?: readonly NetworkingV1IngressClass[];
  readonly metadata?: MetaListMeta;
}

interface NetworkingV1IngressClassParametersReference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly scope?: string;
}

interface NetworkingV1IngressClassSpec {
  readonly controller?: string;
  readonly parameters?: NetworkingV1IngressClassParametersReference;
}

interface NetworkingV1IngressList {
  readonly items?: readonly NetworkingV1Ingress[];
  readonly metadata?: MetaListMeta;
}

interface NetworkingV1IngressLoadBalancerIngress {
  readonly hostname?: string;
  readonly ip?: string;
  readonly ports?: readonly NetworkingV1IngressPortStatus[];
}

interface NetworkingV1IngressLoadBalancerStatus {
  readonly ingress?: readonly NetworkingV1IngressLoadBalancerIngress[];
}

interface NetworkingV1IngressPortStatus {
  readonly error?: string;
  readonly port?: number;
  readonly protocol?: string;
}

interface NetworkingV1IngressRule extends NetworkingV1IngressRuleValue {
  readonly host?: string;
}

interface NetworkingV1IngressRuleValue {
  readonly http?: NetworkingV1HTTPIngressRuleValue;
}

interface NetworkingV1IngressServiceBackend {
  readonly name?: string;
  readonly port?: NetworkingV1ServiceBackendPort;
}

interface NetworkingV1IngressSpec {
  readonly defaultBackend?: NetworkingV1IngressBackend;
  readonly ingressClassName?: string;
  readonly rules?: readonly NetworkingV1IngressRule[];
  readonly tls?: readonly NetworkingV1IngressTLS[];
}

interface NetworkingV1IngressStatus {
  readonly loadBalancer?: NetworkingV1IngressLoadBalancerStatus;
}

interface NetworkingV1IngressTLS {
  readonly hosts?: readonly string[];
  readonly secretName?: string;
}

interface NetworkingV1ParentReference {
  readonly group?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resource?: string;
}

interface NetworkingV1ServiceBackendPort {
  readonly name?: string;
  readonly number?: number;
}

interface NetworkingV1ServiceCIDR {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: NetworkingV1ServiceCIDRSpec;
  readonly status?: NetworkingV1ServiceCIDRStatus;
}

interface NetworkingV1ServiceCIDRList {
  readonly items?: readonly NetworkingV1ServiceCIDR[];
  readonly metadata?: MetaListMeta;
}

interface NetworkingV1ServiceCIDRSpec {
  readonly cidrs?: readonly string[];
}

interface NetworkingV1ServiceCIDRStatus {
  readonly conditions?: readonly MetaCondition[];
}

interface PolicyV1Eviction {
  readonly kind: string;
  readonly apiVersion: string;
  readonly deleteOptions?: MetaDeleteOptions;
  readonly metadata: MetaObjectMeta;
}

interface RuntimeTypeMeta {
  readonly apiVersion?: string;
  readonly kind?: string;
}

interface RuntimeUnknown {
  readonly contentEncoding?: string;
  readonly contentType?: string;
  readonly raw?: string;
  readonly typeMeta?: RuntimeTypeMeta;
}
