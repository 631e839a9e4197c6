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
  readonly 'authentication.v1.SelfSubjectReview': AuthenticationV1SelfSubjectReview;
  readonly 'authentication.v1.SelfSubjectReviewStatus': AuthenticationV1SelfSubjectReviewStatus;
  readonly 'authentication.v1.TokenRequest': AuthenticationV1TokenRequest;
  readonly 'authentication.v1.TokenRequestSpec': AuthenticationV1TokenRequestSpec;
  readonly 'authentication.v1.TokenRequestStatus': AuthenticationV1TokenRequestStatus;
  readonly 'authentication.v1.TokenReview': AuthenticationV1TokenReview;
  readonly 'authentication.v1.TokenReviewSpec': AuthenticationV1TokenReviewSpec;
  readonly 'authentication.v1.TokenReviewStatus': AuthenticationV1TokenReviewStatus;
  readonly 'authentication.v1.UserInfo': AuthenticationV1UserInfo;
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
  readonly 'core.v1.Binding': CoreV1Binding;
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
  readonly 'metallb.v1beta1.IPAddressPool': MetallbV1beta1IPAddressPool;
  readonly 'metallb.v1beta1.IPAddressPoolList': MetallbV1beta1IPAddressPoolList;
  readonly 'metallb.v1beta1.IPAddressPoolSpec': MetallbV1beta1IPAddressPoolSpec;
  readonly 'metallb.v1beta1.IPAddressPoolStatus': MetallbV1beta1IPAddressPoolStatus;
  readonly 'metallb.v1beta1.L2Advertisement': MetallbV1beta1L2Advertisement;
  readonly 'metallb.v1beta1.L2AdvertisementList': MetallbV1beta1L2AdvertisementList;
  readonly 'metallb.v1beta1.L2AdvertisementSpec': MetallbV1beta1L2AdvertisementSpec;
  readonly 'metallb.v1beta1.ServiceAllocation': MetallbV1beta1ServiceAllocation;
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
  readonly type?: string;
  readonly status?: string;
  readonly lastUpdateTime?: string | null;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

interface AppsV1DeploymentList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly AppsV1Deployment[] | null;
}

interface AppsV1DeploymentSpec {
  readonly replicas?: number;
  readonly selector?: MetaLabelSelector | null;
  readonly template?: CoreV1PodTemplateSpec;
  readonly strategy?: AppsV1DeploymentStrategy;
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
}

interface AppsV1DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly conditions?: readonly AppsV1DeploymentCondition[];
  readonly collisionCount?: number;
}

interface AppsV1DeploymentStrategy {
  readonly type?: string;
  readonly rollingUpdate?: AppsV1RollingUpdateDeployment;
}

interface AppsV1ReplicaSet {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AppsV1ReplicaSetSpec;
  readonly status?: AppsV1ReplicaSetStatus;
}

interface AppsV1ReplicaSetCondition {
  readonly type?: string;
  readonly status?: string;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

interface AppsV1ReplicaSetList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly AppsV1ReplicaSet[] | null;
}

interface AppsV1ReplicaSetSpec {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly selector?: MetaLabelSelector | null;
  readonly template?: CoreV1PodTemplateSpec;
}

interface AppsV1ReplicaSetStatus {
  readonly replicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly AppsV1ReplicaSetCondition[];
}

interface AppsV1RollingUpdateDeployment {
  readonly maxUnavailable?: number | string;
  readonly maxSurge?: number | string;
}

interface AuthenticationV1BoundObjectReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
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
  readonly audiences?: readonly string[] | null;
  readonly expirationSeconds?: number | null;
  readonly boundObjectRef?: AuthenticationV1BoundObjectReference | null;
}

interface AuthenticationV1TokenRequestStatus {
  readonly token?: string;
  readonly expirationTimestamp?: string | null;
}

interface AuthenticationV1TokenReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthenticationV1TokenReviewSpec;
  readonly status?: AuthenticationV1TokenReviewStatus;
}

interface AuthenticationV1TokenReviewSpec {
  readonly token?: string;
  readonly audiences?: readonly string[];
}

interface AuthenticationV1TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly user?: AuthenticationV1UserInfo;
  readonly audiences?: readonly string[];
  readonly error?: string;
}

interface AuthenticationV1UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: { readonly [key: string]: readonly string[] };
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
  readonly verbs?: readonly string[] | null;
  readonly nonResourceURLs?: readonly string[];
}

interface AuthorizationV1ResourceAttributes {
  readonly namespace?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly fieldSelector?: AuthorizationV1FieldSelectorAttributes;
  readonly labelSelector?: AuthorizationV1LabelSelectorAttributes;
}

interface AuthorizationV1ResourceRule {
  readonly verbs?: readonly string[] | null;
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface AuthorizationV1SelfSubjectAccessReview {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: AuthorizationV1SelfSubjectAccessReviewSpec;
  readonly status?: AuthorizationV1SubjectAccessReviewStatus;
}

interface AuthorizationV1SelfSubjectAccessReviewSpec {
  readonly resourceAttributes?: AuthorizationV1ResourceAttributes;
  readonly nonResourceAttributes?: AuthorizationV1NonResourceAttributes;
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
  readonly resourceAttributes?: AuthorizationV1ResourceAttributes;
  readonly nonResourceAttributes?: AuthorizationV1NonResourceAttributes;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly extra?: { readonly [key: string]: readonly string[] };
  readonly uid?: string;
}

interface AuthorizationV1SubjectAccessReviewStatus {
  readonly allowed?: boolean;
  readonly denied?: boolean;
  readonly reason?: string;
  readonly evaluationError?: string;
}

interface AuthorizationV1SubjectRulesReviewStatus {
  readonly resourceRules?: readonly AuthorizationV1ResourceRule[] | null;
  readonly nonResourceRules?: readonly AuthorizationV1NonResourceRule[] | null;
  readonly incomplete?: boolean;
  readonly evaluationError?: string;
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
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoordinationV1Lease[] | null;
}

interface CoordinationV1LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
  readonly strategy?: string;
  readonly preferredHolder?: string;
}

interface CoreV1AWSElasticBlockStoreVolumeSource {
  readonly volumeID?: string;
  readonly fsType?: string;
  readonly partition?: number;
  readonly readOnly?: boolean;
}

interface CoreV1Affinity {
  readonly nodeAffinity?: CoreV1NodeAffinity;
  readonly podAffinity?: CoreV1PodAffinity;
  readonly podAntiAffinity?: CoreV1PodAntiAffinity;
}

interface CoreV1AppArmorProfile {
  readonly type?: string;
  readonly localhostProfile?: string;
}

interface CoreV1AttachedVolume {
  readonly name?: string;
  readonly devicePath?: string;
}

interface CoreV1AzureDiskVolumeSource {
  readonly diskName?: string;
  readonly diskURI?: string;
  readonly cachingMode?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly kind?: string;
}

interface CoreV1AzureFileVolumeSource {
  readonly secretName?: string;
  readonly shareName?: string;
  readonly readOnly?: boolean;
}

interface CoreV1Binding {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly target?: CoreV1ObjectReference;
}

interface CoreV1CSIVolumeSource {
  readonly driver?: string;
  readonly readOnly?: boolean;
  readonly fsType?: string;
  readonly volumeAttributes?: { readonly [key: string]: string };
  readonly nodePublishSecretRef?: CoreV1LocalObjectReference;
}

interface CoreV1Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

interface CoreV1CephFSVolumeSource {
  readonly monitors?: readonly string[] | null;
  readonly path?: string;
  readonly user?: string;
  readonly secretFile?: string;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly readOnly?: boolean;
}

interface CoreV1CinderVolumeSource {
  readonly volumeID?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
}

interface CoreV1ClientIPConfig {
  readonly timeoutSeconds?: number;
}

interface CoreV1ClusterTrustBundleProjection {
  readonly name?: string;
  readonly signerName?: string;
  readonly labelSelector?: MetaLabelSelector;
  readonly optional?: boolean;
  readonly path?: string;
}

interface CoreV1ConfigMap {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly immutable?: boolean;
  readonly data?: { readonly [key: string]: string };
  readonly binaryData?: { readonly [key: string]: string };
}

interface CoreV1ConfigMapEnvSource extends CoreV1LocalObjectReference {
  readonly optional?: boolean;
}

interface CoreV1ConfigMapKeySelector extends CoreV1LocalObjectReference {
  readonly key?: string;
  readonly optional?: boolean;
}

interface CoreV1ConfigMapList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoreV1ConfigMap[] | null;
}

interface CoreV1ConfigMapNodeConfigSource {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly kubeletConfigKey?: string;
}

interface CoreV1ConfigMapProjection extends CoreV1LocalObjectReference {
  readonly items?: readonly CoreV1KeyToPath[];
  readonly optional?: boolean;
}

interface CoreV1ConfigMapVolumeSource extends CoreV1LocalObjectReference {
  readonly items?: readonly CoreV1KeyToPath[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

interface CoreV1Container {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly ports?: readonly CoreV1ContainerPort[];
  readonly envFrom?: readonly CoreV1EnvFromSource[];
  readonly env?: readonly CoreV1EnvVar[];
  readonly resources?: CoreV1ResourceRequirements;
  readonly resizePolicy?: readonly CoreV1ContainerResizePolicy[];
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly CoreV1ContainerRestartRule[];
  readonly volumeMounts?: readonly CoreV1VolumeMount[];
  readonly volumeDevices?: readonly CoreV1VolumeDevice[];
  readonly livenessProbe?: CoreV1Probe;
  readonly readinessProbe?: CoreV1Probe;
  readonly startupProbe?: CoreV1Probe;
  readonly lifecycle?: CoreV1Lifecycle;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly imagePullPolicy?: string;
  readonly securityContext?: CoreV1SecurityContext;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly tty?: boolean;
}

interface CoreV1ContainerExtendedResourceRequest {
  readonly containerName?: string;
  readonly resourceName?: string;
  readonly requestName?: string;
}

interface CoreV1ContainerImage {
  readonly names?: readonly string[] | null;
  readonly sizeBytes?: number;
}

interface CoreV1ContainerPort {
  readonly name?: string;
  readonly hostPort?: number;
  readonly containerPort?: number;
  readonly protocol?: string;
  readonly hostIP?: string;
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
  readonly waiting?: CoreV1ContainerStateWaiting;
  readonly running?: CoreV1ContainerStateRunning;
  readonly terminated?: CoreV1ContainerStateTerminated;
}

interface CoreV1ContainerStateRunning {
  readonly startedAt?: string | null;
}

interface CoreV1ContainerStateTerminated {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
  readonly containerID?: string;
}

interface CoreV1ContainerStateWaiting {
  readonly reason?: string;
  readonly message?: string;
}

interface CoreV1ContainerStatus {
  readonly name?: string;
  readonly state?: CoreV1ContainerState;
  readonly lastState?: CoreV1ContainerState;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly image?: string;
  readonly imageID?: string;
  readonly containerID?: string;
  readonly started?: boolean;
  readonly allocatedResources?: { readonly [key: string]: string };
  readonly resources?: CoreV1ResourceRequirements;
  readonly volumeMounts?: readonly CoreV1VolumeMountStatus[];
  readonly user?: CoreV1ContainerUser;
  readonly allocatedResourcesStatus?: readonly CoreV1ResourceStatus[];
  readonly stopSignal?: string;
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
  readonly path?: string;
  readonly fieldRef?: CoreV1ObjectFieldSelector;
  readonly resourceFieldRef?: CoreV1ResourceFieldSelector;
  readonly mode?: number;
}

interface CoreV1DownwardAPIVolumeSource {
  readonly items?: readonly CoreV1DownwardAPIVolumeFile[];
  readonly defaultMode?: number;
}

interface CoreV1EmptyDirVolumeSource {
  readonly medium?: string;
  readonly sizeLimit?: string;
}

interface CoreV1EndpointAddress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: CoreV1ObjectReference;
}

interface CoreV1EndpointPort {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
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
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoreV1Endpoints[] | null;
}

interface CoreV1EnvFromSource {
  readonly prefix?: string;
  readonly configMapRef?: CoreV1ConfigMapEnvSource;
  readonly secretRef?: CoreV1SecretEnvSource;
}

interface CoreV1EnvVar {
  readonly name?: string;
  readonly value?: string;
  readonly valueFrom?: CoreV1EnvVarSource;
}

interface CoreV1EnvVarSource {
  readonly fieldRef?: CoreV1ObjectFieldSelector;
  readonly resourceFieldRef?: CoreV1ResourceFieldSelector;
  readonly configMapKeyRef?: CoreV1ConfigMapKeySelector;
  readonly secretKeyRef?: CoreV1SecretKeySelector;
  readonly fileKeyRef?: CoreV1FileKeySelector;
}

interface CoreV1EphemeralContainer extends CoreV1EphemeralContainerCommon {
  readonly targetContainerName?: string;
}

interface CoreV1EphemeralContainerCommon {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly ports?: readonly CoreV1ContainerPort[];
  readonly envFrom?: readonly CoreV1EnvFromSource[];
  readonly env?: readonly CoreV1EnvVar[];
  readonly resources?: CoreV1ResourceRequirements;
  readonly resizePolicy?: readonly CoreV1ContainerResizePolicy[];
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly CoreV1ContainerRestartRule[];
  readonly volumeMounts?: readonly CoreV1VolumeMount[];
  readonly volumeDevices?: readonly CoreV1VolumeDevice[];
  readonly livenessProbe?: CoreV1Probe;
  readonly readinessProbe?: CoreV1Probe;
  readonly startupProbe?: CoreV1Probe;
  readonly lifecycle?: CoreV1Lifecycle;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly imagePullPolicy?: string;
  readonly securityContext?: CoreV1SecurityContext;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly tty?: boolean;
}

interface CoreV1EphemeralVolumeSource {
  readonly volumeClaimTemplate?: CoreV1PersistentVolumeClaimTemplate;
}

interface CoreV1Event {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly involvedObject?: CoreV1ObjectReference;
  readonly reason?: string;
  readonly message?: string;
  readonly source?: CoreV1EventSource;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly count?: number;
  readonly type?: string;
  readonly eventTime?: string | null;
  readonly series?: CoreV1EventSeries;
  readonly action?: string;
  readonly related?: CoreV1ObjectReference;
  readonly reportingComponent?: string;
  readonly reportingInstance?: string;
}

interface CoreV1EventList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoreV1Event[] | null;
}

interface CoreV1EventSeries {
  readonly count?: number;
  readonly lastObservedTime?: string | null;
}

interface CoreV1EventSource {
  readonly component?: string;
  readonly host?: string;
}

interface CoreV1ExecAction {
  readonly command?: readonly string[];
}

interface CoreV1FCVolumeSource {
  readonly targetWWNs?: readonly string[];
  readonly lun?: number;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly wwids?: readonly string[];
}

interface CoreV1FileKeySelector {
  readonly volumeName?: string;
  readonly path?: string;
  readonly key?: string;
  readonly optional?: boolean;
}

interface CoreV1FlexVolumeSource {
  readonly driver?: string;
  readonly fsType?: string;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly readOnly?: boolean;
  readonly options?: { readonly [key: string]: string };
}

interface CoreV1FlockerVolumeSource {
  readonly datasetName?: string;
  readonly datasetUUID?: string;
}

interface CoreV1GCEPersistentDiskVolumeSource {
  readonly pdName?: string;
  readonly fsType?: string;
  readonly partition?: number;
  readonly readOnly?: boolean;
}

interface CoreV1GRPCAction {
  readonly port?: number;
  readonly service?: string | null;
}

interface CoreV1GitRepoVolumeSource {
  readonly repository?: string;
  readonly revision?: string;
  readonly directory?: string;
}

interface CoreV1GlusterfsVolumeSource {
  readonly endpoints?: string;
  readonly path?: string;
  readonly readOnly?: boolean;
}

interface CoreV1HTTPGetAction {
  readonly path?: string;
  readonly port?: number | string;
  readonly host?: string;
  readonly scheme?: string;
  readonly httpHeaders?: readonly CoreV1HTTPHeader[];
}

interface CoreV1HTTPHeader {
  readonly name?: string;
  readonly value?: string;
}

interface CoreV1HostAlias {
  readonly ip?: string;
  readonly hostnames?: readonly string[];
}

interface CoreV1HostIP {
  readonly ip?: string;
}

interface CoreV1HostPathVolumeSource {
  readonly path?: string;
  readonly type?: string;
}

interface CoreV1ISCSIVolumeSource {
  readonly targetPortal?: string;
  readonly iqn?: string;
  readonly lun?: number;
  readonly iscsiInterface?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly portals?: readonly string[];
  readonly chapAuthDiscovery?: boolean;
  readonly chapAuthSession?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly initiatorName?: string;
}

interface CoreV1ImageVolumeSource {
  readonly reference?: string;
  readonly pullPolicy?: string;
}

interface CoreV1ImageVolumeStatus {
  readonly imageRef?: string;
}

interface CoreV1KeyToPath {
  readonly key?: string;
  readonly path?: string;
  readonly mode?: number;
}

interface CoreV1Lifecycle {
  readonly postStart?: CoreV1LifecycleHandler;
  readonly preStop?: CoreV1LifecycleHandler;
  readonly stopSignal?: string;
}

interface CoreV1LifecycleHandler {
  readonly exec?: CoreV1ExecAction;
  readonly httpGet?: CoreV1HTTPGetAction;
  readonly tcpSocket?: CoreV1TCPSocketAction;
  readonly sleep?: CoreV1SleepAction;
}

interface CoreV1LinuxContainerUser {
  readonly uid?: number;
  readonly gid?: number;
  readonly supplementalGroups?: readonly number[];
}

interface CoreV1LoadBalancerIngress {
  readonly ip?: string;
  readonly hostname?: string;
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
  readonly server?: string;
  readonly path?: string;
  readonly readOnly?: boolean;
}

interface CoreV1Namespace {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1NamespaceSpec;
  readonly status?: CoreV1NamespaceStatus;
}

interface CoreV1NamespaceCondition {
  readonly type?: string;
  readonly status?: string;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

interface CoreV1NamespaceList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoreV1Namespace[] | null;
}

interface CoreV1NamespaceSpec {
  readonly finalizers?: readonly string[];
}

interface CoreV1NamespaceStatus {
  readonly phase?: string;
  readonly conditions?: readonly CoreV1NamespaceCondition[];
}

interface CoreV1Node {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1NodeSpec;
  readonly status?: CoreV1NodeStatus;
}

interface CoreV1NodeAddress {
  readonly type?: string;
  readonly address?: string;
}

interface CoreV1NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: CoreV1NodeSelector;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1PreferredSchedulingTerm[];
}

interface CoreV1NodeAllocatableResourceClaimStatus {
  readonly resourceClaimName?: string;
  readonly containers?: readonly string[];
  readonly resources?: { readonly [key: string]: string };
}

interface CoreV1NodeCondition {
  readonly type?: string;
  readonly status?: string;
  readonly lastHeartbeatTime?: string | null;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

interface CoreV1NodeConfigSource {
  readonly configMap?: CoreV1ConfigMapNodeConfigSource;
}

interface CoreV1NodeConfigStatus {
  readonly assigned?: CoreV1NodeConfigSource;
  readonly active?: CoreV1NodeConfigSource;
  readonly lastKnownGood?: CoreV1NodeConfigSource;
  readonly error?: string;
}

interface CoreV1NodeDaemonEndpoints {
  readonly kubeletEndpoint?: CoreV1DaemonEndpoint;
}

interface CoreV1NodeFeatures {
  readonly supplementalGroupsPolicy?: boolean;
}

interface CoreV1NodeList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoreV1Node[] | null;
}

interface CoreV1NodeRuntimeHandler {
  readonly name?: string;
  readonly features?: CoreV1NodeRuntimeHandlerFeatures;
}

interface CoreV1NodeRuntimeHandlerFeatures {
  readonly recursiveReadOnlyMounts?: boolean;
  readonly userNamespaces?: boolean;
}

interface CoreV1NodeSelector {
  readonly nodeSelectorTerms?: readonly CoreV1NodeSelectorTerm[] | null;
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
  readonly podCIDR?: string;
  readonly podCIDRs?: readonly string[];
  readonly providerID?: string;
  readonly unschedulable?: boolean;
  readonly taints?: readonly CoreV1Taint[];
  readonly configSource?: CoreV1NodeConfigSource;
  readonly externalID?: string;
}

interface CoreV1NodeStatus {
  readonly capacity?: { readonly [key: string]: string };
  readonly allocatable?: { readonly [key: string]: string };
  readonly phase?: string;
  readonly conditions?: readonly CoreV1NodeCondition[];
  readonly addresses?: readonly CoreV1NodeAddress[];
  readonly daemonEndpoints?: CoreV1NodeDaemonEndpoints;
  readonly nodeInfo?: CoreV1NodeSystemInfo;
  readonly images?: readonly CoreV1ContainerImage[];
  readonly volumesInUse?: readonly string[];
  readonly volumesAttached?: readonly CoreV1AttachedVolume[];
  readonly config?: CoreV1NodeConfigStatus;
  readonly runtimeHandlers?: readonly CoreV1NodeRuntimeHandler[];
  readonly features?: CoreV1NodeFeatures;
  readonly declaredFeatures?: readonly string[];
}

interface CoreV1NodeSwapStatus {
  readonly capacity?: number;
}

interface CoreV1NodeSystemInfo {
  readonly machineID?: string;
  readonly systemUUID?: string;
  readonly bootID?: string;
  readonly kernelVersion?: string;
  readonly osImage?: string;
  readonly containerRuntimeVersion?: string;
  readonly kubeletVersion?: string;
  readonly kubeProxyVersion?: string;
  readonly operatingSystem?: string;
  readonly architecture?: string;
  readonly swap?: CoreV1NodeSwapStatus;
}

interface CoreV1ObjectFieldSelector {
  readonly apiVersion?: string;
  readonly fieldPath?: string;
}

interface CoreV1ObjectReference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly apiVersion?: string;
  readonly resourceVersion?: string;
  readonly fieldPath?: string;
}

interface CoreV1PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[];
  readonly selector?: MetaLabelSelector;
  readonly resources?: CoreV1VolumeResourceRequirements;
  readonly volumeName?: string;
  readonly storageClassName?: string;
  readonly volumeMode?: string;
  readonly dataSource?: CoreV1TypedLocalObjectReference;
  readonly dataSourceRef?: CoreV1TypedObjectReference;
  readonly volumeAttributesClassName?: string;
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
  readonly pdID?: string;
  readonly fsType?: string;
}

interface CoreV1Pod {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1PodSpec;
  readonly status?: CoreV1PodStatus;
}

interface CoreV1PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1WeightedPodAffinityTerm[];
}

interface CoreV1PodAffinityTerm {
  readonly labelSelector?: MetaLabelSelector;
  readonly namespaces?: readonly string[];
  readonly topologyKey?: string;
  readonly namespaceSelector?: MetaLabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

interface CoreV1PodAntiAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly CoreV1WeightedPodAffinityTerm[];
}

interface CoreV1PodCertificateProjection {
  readonly signerName?: string;
  readonly keyType?: string;
  readonly maxExpirationSeconds?: number;
  readonly credentialBundlePath?: string;
  readonly keyPath?: string;
  readonly certificateChainPath?: string;
  readonly userAnnotations?: { readonly [key: string]: string };
}

interface CoreV1PodCondition {
  readonly type?: string;
  readonly observedGeneration?: number;
  readonly status?: string;
  readonly lastProbeTime?: string | null;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

interface CoreV1PodDNSConfig {
  readonly nameservers?: readonly string[];
  readonly searches?: readonly string[];
  readonly options?: readonly CoreV1PodDNSConfigOption[];
}

interface CoreV1PodDNSConfigOption {
  readonly name?: string;
  readonly value?: string;
}

interface CoreV1PodExtendedResourceClaimStatus {
  readonly requestMappings?: readonly CoreV1ContainerExtendedResourceRequest[] | null;
  readonly resourceClaimName?: string;
}

interface CoreV1PodIP {
  readonly ip?: string;
}

interface CoreV1PodList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoreV1Pod[] | null;
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
  readonly seLinuxOptions?: CoreV1SELinuxOptions;
  readonly windowsOptions?: CoreV1WindowsSecurityContextOptions;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly supplementalGroups?: readonly number[];
  readonly supplementalGroupsPolicy?: string;
  readonly fsGroup?: number;
  readonly sysctls?: readonly CoreV1Sysctl[];
  readonly fsGroupChangePolicy?: string;
  readonly seccompProfile?: CoreV1SeccompProfile;
  readonly appArmorProfile?: CoreV1AppArmorProfile;
  readonly seLinuxChangePolicy?: string;
}

interface CoreV1PodSpec {
  readonly volumes?: readonly CoreV1Volume[];
  readonly initContainers?: readonly CoreV1Container[];
  readonly containers?: readonly CoreV1Container[] | null;
  readonly ephemeralContainers?: readonly CoreV1EphemeralContainer[];
  readonly restartPolicy?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly activeDeadlineSeconds?: number;
  readonly dnsPolicy?: string;
  readonly nodeSelector?: { readonly [key: string]: string };
  readonly serviceAccountName?: string;
  readonly serviceAccount?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly securityContext?: CoreV1PodSecurityContext;
  readonly imagePullSecrets?: readonly CoreV1LocalObjectReference[];
  readonly hostname?: string;
  readonly subdomain?: string;
  readonly affinity?: CoreV1Affinity;
  readonly schedulerName?: string;
  readonly tolerations?: readonly CoreV1Toleration[];
  readonly hostAliases?: readonly CoreV1HostAlias[];
  readonly priorityClassName?: string;
  readonly priority?: number;
  readonly dnsConfig?: CoreV1PodDNSConfig;
  readonly readinessGates?: readonly CoreV1PodReadinessGate[];
  readonly runtimeClassName?: string;
  readonly enableServiceLinks?: boolean;
  readonly preemptionPolicy?: string;
  readonly overhead?: { readonly [key: string]: string };
  readonly topologySpreadConstraints?: readonly CoreV1TopologySpreadConstraint[];
  readonly setHostnameAsFQDN?: boolean;
  readonly os?: CoreV1PodOS;
  readonly hostUsers?: boolean;
  readonly schedulingGates?: readonly CoreV1PodSchedulingGate[];
  readonly resourceClaims?: readonly CoreV1PodResourceClaim[];
  readonly resources?: CoreV1ResourceRequirements;
  readonly hostnameOverride?: string;
  readonly schedulingGroup?: CoreV1PodSchedulingGroup;
}

interface CoreV1PodStatus {
  readonly observedGeneration?: number;
  readonly phase?: string;
  readonly conditions?: readonly CoreV1PodCondition[];
  readonly message?: string;
  readonly reason?: string;
  readonly nominatedNodeName?: string;
  readonly hostIP?: string;
  readonly hostIPs?: readonly CoreV1HostIP[];
  readonly podIP?: string;
  readonly podIPs?: readonly CoreV1PodIP[];
  readonly startTime?: string;
  readonly initContainerStatuses?: readonly CoreV1ContainerStatus[];
  readonly containerStatuses?: readonly CoreV1ContainerStatus[];
  readonly qosClass?: string;
  readonly ephemeralContainerStatuses?: readonly CoreV1ContainerStatus[];
  readonly resize?: string;
  readonly resourceClaimStatuses?: readonly CoreV1PodResourceClaimStatus[];
  readonly extendedResourceClaimStatus?: CoreV1PodExtendedResourceClaimStatus;
  readonly allocatedResources?: { readonly [key: string]: string };
  readonly resources?: CoreV1ResourceRequirements;
  readonly nodeAllocatableResourceClaimStatuses?: readonly CoreV1NodeAllocatableResourceClaimStatus[];
}

interface CoreV1PodTemplateSpec {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: CoreV1PodSpec;
}

interface CoreV1PortStatus {
  readonly port?: number;
  readonly protocol?: string;
  readonly error?: string;
}

interface CoreV1PortworxVolumeSource {
  readonly volumeID?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
}

interface CoreV1PreferredSchedulingTerm {
  readonly weight?: number;
  readonly preference?: CoreV1NodeSelectorTerm;
}

interface CoreV1Probe extends CoreV1ProbeHandler {
  readonly initialDelaySeconds?: number;
  readonly timeoutSeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
  readonly terminationGracePeriodSeconds?: number;
}

interface CoreV1ProbeHandler {
  readonly exec?: CoreV1ExecAction;
  readonly httpGet?: CoreV1HTTPGetAction;
  readonly tcpSocket?: CoreV1TCPSocketAction;
  readonly grpc?: CoreV1GRPCAction;
}

interface CoreV1ProjectedVolumeSource {
  readonly sources?: readonly CoreV1VolumeProjection[] | null;
  readonly defaultMode?: number;
}

interface CoreV1QuobyteVolumeSource {
  readonly registry?: string;
  readonly volume?: string;
  readonly readOnly?: boolean;
  readonly user?: string;
  readonly group?: string;
  readonly tenant?: string;
}

interface CoreV1RBDVolumeSource {
  readonly monitors?: readonly string[] | null;
  readonly image?: string;
  readonly fsType?: string;
  readonly pool?: string;
  readonly user?: string;
  readonly keyring?: string;
  readonly secretRef?: CoreV1LocalObjectReference;
  readonly readOnly?: boolean;
}

interface CoreV1ResourceClaim {
  readonly name?: string;
  readonly request?: string;
}

interface CoreV1ResourceFieldSelector {
  readonly containerName?: string;
  readonly resource?: string;
  readonly divisor?: string;
}

interface CoreV1ResourceHealth {
  readonly resourceID?: string;
  readonly health?: string;
  readonly message?: string;
}

interface CoreV1ResourceRequirements {
  readonly limits?: { readonly [key: string]: string };
  readonly requests?: { readonly [key: string]: string };
  readonly claims?: readonly CoreV1ResourceClaim[];
}

interface CoreV1ResourceStatus {
  readonly name?: string;
  readonly resources?: readonly CoreV1ResourceHealth[];
}

interface CoreV1SELinuxOptions {
  readonly user?: string;
  readonly role?: string;
  readonly type?: string;
  readonly level?: string;
}

interface CoreV1ScaleIOVolumeSource {
  readonly gateway?: string;
  readonly system?: string;
  readonly secretRef?: CoreV1LocalObjectReference | null;
  readonly sslEnabled?: boolean;
  readonly protectionDomain?: string;
  readonly storagePool?: string;
  readonly storageMode?: string;
  readonly volumeName?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
}

interface CoreV1SeccompProfile {
  readonly type?: string;
  readonly localhostProfile?: string;
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
  readonly secretName?: string;
  readonly items?: readonly CoreV1KeyToPath[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

interface CoreV1SecurityContext {
  readonly capabilities?: CoreV1Capabilities;
  readonly privileged?: boolean;
  readonly seLinuxOptions?: CoreV1SELinuxOptions;
  readonly windowsOptions?: CoreV1WindowsSecurityContextOptions;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly procMount?: string;
  readonly seccompProfile?: CoreV1SeccompProfile;
  readonly appArmorProfile?: CoreV1AppArmorProfile;
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
  readonly metadata?: MetaListMeta;
  readonly items?: readonly CoreV1Service[] | null;
}

interface CoreV1ServicePort {
  readonly name?: string;
  readonly protocol?: string;
  readonly appProtocol?: string;
  readonly port?: number;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
}

interface CoreV1ServiceSpec {
  readonly ports?: readonly CoreV1ServicePort[];
  readonly selector?: { readonly [key: string]: string };
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly type?: string;
  readonly externalIPs?: readonly string[];
  readonly sessionAffinity?: string;
  readonly loadBalancerIP?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly externalName?: string;
  readonly externalTrafficPolicy?: string;
  readonly healthCheckNodePort?: number;
  readonly publishNotReadyAddresses?: boolean;
  readonly sessionAffinityConfig?: CoreV1SessionAffinityConfig;
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly loadBalancerClass?: string;
  readonly internalTrafficPolicy?: string;
  readonly trafficDistribution?: string;
}

interface CoreV1ServiceStatus {
  readonly loadBalancer?: CoreV1LoadBalancerStatus;
  readonly conditions?: readonly MetaCondition[];
}

interface CoreV1SessionAffinityConfig {
  readonly clientIP?: CoreV1ClientIPConfig;
}

interface CoreV1SleepAction {
  readonly seconds?: number;
}

interface CoreV1StorageOSVolumeSource {
  readonly volumeName?: string;
  readonly volumeNamespace?: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: CoreV1LocalObjectReference;
}

interface CoreV1Sysctl {
  readonly name?: string;
  readonly value?: string;
}

interface CoreV1TCPSocketAction {
  readonly port?: number | string;
  readonly host?: string;
}

interface CoreV1Taint {
  readonly key?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly timeAdded?: string;
}

interface CoreV1Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

interface CoreV1TopologySpreadConstraint {
  readonly maxSkew?: number;
  readonly topologyKey?: string;
  readonly whenUnsatisfiable?: string;
  readonly labelSelector?: MetaLabelSelector;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
  readonly matchLabelKeys?: readonly string[];
}

interface CoreV1TypedLocalObjectReference {
  readonly apiGroup?: string | null;
  readonly kind?: string;
  readonly name?: string;
}

interface CoreV1TypedObjectReference {
  readonly apiGroup?: string | null;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

interface CoreV1Volume extends CoreV1VolumeSource {
  readonly name?: string;
}

interface CoreV1VolumeDevice {
  readonly name?: string;
  readonly devicePath?: string;
}

interface CoreV1VolumeMount {
  readonly name?: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: string;
  readonly mountPath?: string;
  readonly subPath?: string;
  readonly mountPropagation?: string;
  readonly subPathExpr?: string;
}

interface CoreV1VolumeMountStatus {
  readonly name?: string;
  readonly mountPath?: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: string;
  readonly volumeStatus?: CoreV1VolumeStatus;
}

interface CoreV1VolumeProjection {
  readonly secret?: CoreV1SecretProjection;
  readonly downwardAPI?: CoreV1DownwardAPIProjection;
  readonly configMap?: CoreV1ConfigMapProjection;
  readonly serviceAccountToken?: CoreV1ServiceAccountTokenProjection;
  readonly clusterTrustBundle?: CoreV1ClusterTrustBundleProjection;
  readonly podCertificate?: CoreV1PodCertificateProjection;
}

interface CoreV1VolumeResourceRequirements {
  readonly limits?: { readonly [key: string]: string };
  readonly requests?: { readonly [key: string]: string };
}

interface CoreV1VolumeSource {
  readonly hostPath?: CoreV1HostPathVolumeSource;
  readonly emptyDir?: CoreV1EmptyDirVolumeSource;
  readonly gcePersistentDisk?: CoreV1GCEPersistentDiskVolumeSource;
  readonly awsElasticBlockStore?: CoreV1AWSElasticBlockStoreVolumeSource;
  readonly gitRepo?: CoreV1GitRepoVolumeSource;
  readonly secret?: CoreV1SecretVolumeSource;
  readonly nfs?: CoreV1NFSVolumeSource;
  readonly iscsi?: CoreV1ISCSIVolumeSource;
  readonly glusterfs?: CoreV1GlusterfsVolumeSource;
  readonly persistentVolumeClaim?: CoreV1PersistentVolumeClaimVolumeSource;
  readonly rbd?: CoreV1RBDVolumeSource;
  readonly flexVolume?: CoreV1FlexVolumeSource;
  readonly cinder?: CoreV1CinderVolumeSource;
  readonly cephfs?: CoreV1CephFSVolumeSource;
  readonly flocker?: CoreV1FlockerVolumeSource;
  readonly downwardAPI?: CoreV1DownwardAPIVolumeSource;
  readonly fc?: CoreV1FCVolumeSource;
  readonly azureFile?: CoreV1AzureFileVolumeSource;
  readonly configMap?: CoreV1ConfigMapVolumeSource;
  readonly vsphereVolume?: CoreV1VsphereVirtualDiskVolumeSource;
  readonly quobyte?: CoreV1QuobyteVolumeSource;
  readonly azureDisk?: CoreV1AzureDiskVolumeSource;
  readonly photonPersistentDisk?: CoreV1PhotonPersistentDiskVolumeSource;
  readonly projected?: CoreV1ProjectedVolumeSource;
  readonly portworxVolume?: CoreV1PortworxVolumeSource;
  readonly scaleIO?: CoreV1ScaleIOVolumeSource;
  readonly storageos?: CoreV1StorageOSVolumeSource;
  readonly csi?: CoreV1CSIVolumeSource;
  readonly ephemeral?: CoreV1EphemeralVolumeSource;
  readonly image?: CoreV1ImageVolumeSource;
}

interface CoreV1VolumeStatus {
  readonly image?: CoreV1ImageVolumeStatus;
}

interface CoreV1VsphereVirtualDiskVolumeSource {
  readonly volumePath?: string;
  readonly fsType?: string;
  readonly storagePolicyName?: string;
  readonly storagePolicyID?: string;
}

interface CoreV1WeightedPodAffinityTerm {
  readonly weight?: number;
  readonly podAffinityTerm?: CoreV1PodAffinityTerm;
}

interface CoreV1WindowsSecurityContextOptions {
  readonly gmsaCredentialSpecName?: string;
  readonly gmsaCredentialSpec?: string;
  readonly runAsUserName?: string;
  readonly hostProcess?: boolean;
}

interface DiscoveryV1Endpoint {
  readonly addresses?: readonly string[] | null;
  readonly conditions?: DiscoveryV1EndpointConditions;
  readonly hostname?: string;
  readonly targetRef?: CoreV1ObjectReference;
  readonly deprecatedTopology?: { readonly [key: string]: string };
  readonly nodeName?: string;
  readonly zone?: string;
  readonly hints?: DiscoveryV1EndpointHints;
}

interface DiscoveryV1EndpointConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

interface DiscoveryV1EndpointHints {
  readonly forZones?: readonly DiscoveryV1ForZone[];
  readonly forNodes?: readonly DiscoveryV1ForNode[];
}

interface DiscoveryV1EndpointPort {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
  readonly appProtocol?: string;
}

interface DiscoveryV1EndpointSlice {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly addressType?: string;
  readonly endpoints?: readonly DiscoveryV1Endpoint[] | null;
  readonly ports?: readonly DiscoveryV1EndpointPort[] | null;
}

interface DiscoveryV1EndpointSliceList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly DiscoveryV1EndpointSlice[] | null;
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
  readonly metadata: MetaObjectMeta;
  readonly eventTime?: string | null;
  readonly series?: EventsV1EventSeries;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly action?: string;
  readonly reason?: string;
  readonly regarding?: CoreV1ObjectReference;
  readonly related?: CoreV1ObjectReference;
  readonly note?: string;
  readonly type?: string;
  readonly deprecatedSource?: CoreV1EventSource;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly deprecatedCount?: number;
}

interface EventsV1EventList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly EventsV1Event[] | null;
}

interface EventsV1EventSeries {
  readonly count?: number;
  readonly lastObservedTime?: string | null;
}

interface MetaCondition {
  readonly type?: string;
  readonly status?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

interface MetaDeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: MetaPreconditions;
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: string;
  readonly dryRun?: readonly string[];
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

interface MetaFieldSelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

interface MetaLabelSelector {
  readonly matchLabels?: { readonly [key: string]: string };
  readonly matchExpressions?: readonly MetaLabelSelectorRequirement[];
}

interface MetaLabelSelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

interface MetaListMeta {
  readonly selfLink?: string;
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
  readonly shardInfo?: MetaShardInfo;
}

interface MetaManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: JsonObject;
  readonly subresource?: string;
}

interface MetaObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly selfLink?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly ownerReferences?: readonly MetaOwnerReference[];
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly MetaManagedFieldsEntry[];
}

interface MetaOwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

interface MetaPartialObjectMetadata {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
}

interface MetaPartialObjectMetadataList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly MetaPartialObjectMetadata[] | null;
}

interface MetaPreconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

interface MetaShardInfo {
  readonly selector?: string;
}

interface MetaStatus {
  readonly metadata?: MetaListMeta;
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: MetaStatusDetails;
  readonly code?: number;
}

interface MetaStatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

interface MetaStatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly MetaStatusCause[];
  readonly retryAfterSeconds?: number;
}

interface MetaWatchEvent {
  readonly object?: JsonObject;
  readonly type?: string;
}

interface MetallbV1beta1IPAddressPool {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: MetallbV1beta1IPAddressPoolSpec;
  readonly status?: MetallbV1beta1IPAddressPoolStatus;
}

interface MetallbV1beta1IPAddressPoolList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly MetallbV1beta1IPAddressPool[] | null;
}

interface MetallbV1beta1IPAddressPoolSpec {
  readonly addresses?: readonly string[] | null;
  readonly autoAssign?: boolean;
  readonly avoidBuggyIPs?: boolean;
  readonly serviceAllocation?: MetallbV1beta1ServiceAllocation;
  readonly allowExplicit?: boolean;
}

interface MetallbV1beta1IPAddressPoolStatus {
  readonly assignedIPv4?: number;
  readonly assignedIPv6?: number;
  readonly availableIPv4?: number;
  readonly availableIPv6?: number;
}

interface MetallbV1beta1L2Advertisement {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: MetallbV1beta1L2AdvertisementSpec;
}

interface MetallbV1beta1L2AdvertisementList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly MetallbV1beta1L2Advertisement[] | null;
}

interface MetallbV1beta1L2AdvertisementSpec {
  readonly ipAddressPools?: readonly string[];
  readonly ipAddressPoolSelectors?: readonly MetaLabelSelector[];
  readonly nodeSelectors?: readonly MetaLabelSelector[];
  readonly interfaces?: readonly string[];
  readonly serviceSelectors?: readonly MetaLabelSelector[];
}

interface MetallbV1beta1ServiceAllocation {
  readonly priority?: number;
  readonly namespaces?: readonly string[];
  readonly namespaceSelectors?: readonly MetaLabelSelector[];
  readonly serviceSelectors?: readonly MetaLabelSelector[];
}

interface NetworkingV1HTTPIngressPath {
  readonly path?: string;
  readonly pathType?: string | null;
  readonly backend?: NetworkingV1IngressBackend;
}

interface NetworkingV1HTTPIngressRuleValue {
  readonly paths?: readonly NetworkingV1HTTPIngressPath[] | null;
}

interface NetworkingV1IPAddress {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: NetworkingV1IPAddressSpec;
}

interface NetworkingV1IPAddressList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly NetworkingV1IPAddress[] | null;
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
  readonly service?: NetworkingV1IngressServiceBackend;
  readonly resource?: CoreV1TypedLocalObjectReference;
}

interface NetworkingV1IngressClass {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: MetaObjectMeta;
  readonly spec?: NetworkingV1IngressClassSpec;
}

interface NetworkingV1IngressClassList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly NetworkingV1IngressClass[] | null;
}

interface NetworkingV1IngressClassParametersReference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly scope?: string | null;
  readonly namespace?: string;
}

interface NetworkingV1IngressClassSpec {
  readonly controller?: string;
  readonly parameters?: NetworkingV1IngressClassParametersReference;
}

interface NetworkingV1IngressList {
  readonly metadata?: MetaListMeta;
  readonly items?: readonly NetworkingV1Ingress[] | null;
}

interface NetworkingV1IngressLoadBalancerIngress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ports?: readonly NetworkingV1IngressPortStatus[];
}

interface NetworkingV1IngressLoadBalancerStatus {
  readonly ingress?: readonly NetworkingV1IngressLoadBalancerIngress[];
}

interface NetworkingV1IngressPortStatus {
  readonly port?: number;
  readonly protocol?: string;
  readonly error?: string;
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
  readonly ingressClassName?: string;
  readonly defaultBackend?: NetworkingV1IngressBackend;
  readonly tls?: readonly NetworkingV1IngressTLS[];
  readonly rules?: readonly NetworkingV1IngressRule[];
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
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
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
  readonly metadata?: MetaListMeta;
  readonly items?: readonly NetworkingV1ServiceCIDR[] | null;
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
  readonly metadata: MetaObjectMeta;
  readonly deleteOptions?: MetaDeleteOptions;
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
