(** What the theorems and corollaries of each file rest on. Written by check.sh --update. *)
From Wirecost Require Gradient Bias Frechet Euler LinearOperations Relu MaxPooling Normalisation ChainRule NormalisationCost NormalisationGroups NormalisationKinds Theorem1 Theorem1Literal Theorem1Samples Theorem2 Theorem2Sign Theorem2Head Network NetworkSolutions CellCost Corollary12 Corollary12Samples MinimalCell Refuted ArchitectureGradients ScoreFunction CalibrationGap LogitScale InstanceNorm InstanceNormCosts Rounding IdentityBounds Tolerance InexactStatistics RelativeError NormStatistics NormRounding Eq8Rounding ChainRounding FlatRounding HeadRounding SoftmaxRounding AlphaRounding Instances.

Definition all_of_Gradient := (
  @Gradient.cost_unique,
  @Gradient.cost_is_gradient_times_activation,
  @Gradient.path_cost_is_gradient_times_summand,
  @Gradient.gradient_unique,
  @Gradient.backward_is_gradient,
  @Gradient.chain_differentiable,
  @Gradient.chain_keeps_cost
).
Goal True. idtac "= Gradient". Abort.
Print Assumptions all_of_Gradient.

Definition all_of_Bias := (
  @Bias.add_bias_differentiable,
  @Bias.bias_law,
  @Bias.bias_keeps_cost_iff,
  @Bias.bias_does_not_keep_cost
).
Goal True. idtac "= Bias". Abort.
Print Assumptions all_of_Bias.

Definition all_of_Frechet := (
  @Frechet.frechet_implies_gradient
).
Goal True. idtac "= Frechet". Abort.
Print Assumptions all_of_Frechet.

Definition all_of_Euler := (
  @Euler.euler_cost,
  @Euler.cost_degree_0,
  @Euler.cost_degree_1,
  @Euler.euler_identity,
  @Euler.degrees_multiply,
  @Euler.euler_backward,
  @Euler.degree_1_keeps_cost,
  @Euler.degree_0_blocks_cost
).
Goal True. idtac "= Euler". Abort.
Print Assumptions all_of_Euler.

Definition all_of_LinearOperations := (
  @LinearOperations.linear_keeps_cost,
  @LinearOperations.linear_keeps_cost_by_part,
  @LinearOperations.linear_differentiable,
  @LinearOperations.gather_is_linear,
  @LinearOperations.gather_keeps_cost,
  @LinearOperations.gather_differentiable,
  @LinearOperations.slice_keeps_cost,
  @LinearOperations.convolution_keeps_cost,
  @LinearOperations.convolution_differentiable,
  @LinearOperations.depthwise_keeps_cost,
  @LinearOperations.average_pool_keeps_cost,
  @LinearOperations.convolution_eq5
).
Goal True. idtac "= LinearOperations". Abort.
Print Assumptions all_of_LinearOperations.

Definition all_of_Relu := (
  @Relu.relu_keeps_cost,
  @Relu.relu_differentiable,
  @Relu.relu_kink_has_no_derivative
).
Goal True. idtac "= Relu". Abort.
Print Assumptions all_of_Relu.

Definition all_of_MaxPooling := (
  @MaxPooling.max_pool_keeps_cost,
  @MaxPooling.max_pool_first_maximum_keeps_cost,
  @MaxPooling.max_pool_differentiable
).
Goal True. idtac "= MaxPooling". Abort.
Print Assumptions all_of_MaxPooling.

Definition all_of_Normalisation := (
  @Normalisation.norm_backward_eq8,
  @Normalisation.norm_differentiable,
  @Normalisation.norm_backward_is_gradient,
  @Normalisation.norm_backward_directional
).
Goal True. idtac "= Normalisation". Abort.
Print Assumptions all_of_Normalisation.

Definition all_of_ChainRule := (
  @ChainRule.three_terms
).
Goal True. idtac "= ChainRule". Abort.
Print Assumptions all_of_ChainRule.

Definition all_of_NormalisationCost := (
  @NormalisationCost.norm_backward_sum,
  @NormalisationCost.norm_backward_xhat_eps,
  @NormalisationCost.norm_cost_eps,
  @NormalisationCost.eps_lets_through,
  @NormalisationCost.share_grows,
  @NormalisationCost.norm_homogeneous,
  @NormalisationCost.norm_projection,
  @NormalisationCost.norm_backward_is_projection,
  @NormalisationCost.norm_zero_cost,
  @NormalisationCost.norm_blocks_cost,
  @NormalisationCost.constant_group_lets_nothing_through,
  @NormalisationCost.eq8_wrong_divisor,
  @NormalisationCost.eq10_factor
).
Goal True. idtac "= NormalisationCost". Abort.
Print Assumptions all_of_NormalisationCost.

Definition all_of_NormalisationGroups := (
  @NormalisationGroups.group_norm_cost,
  @NormalisationGroups.group_norm_zero_cost,
  @NormalisationGroups.group_norm_differentiable
).
Goal True. idtac "= NormalisationGroups". Abort.
Print Assumptions all_of_NormalisationGroups.

Definition all_of_NormalisationKinds := (
  @NormalisationKinds.batch_norm_partitions,
  @NormalisationKinds.layer_norm_partitions,
  @NormalisationKinds.instance_norm_partitions,
  @NormalisationKinds.channel_groups_norm_partitions,
  @NormalisationKinds.batch_norm_zero_cost,
  @NormalisationKinds.layer_norm_zero_cost,
  @NormalisationKinds.instance_norm_zero_cost,
  @NormalisationKinds.channel_groups_norm_zero_cost
).
Goal True. idtac "= NormalisationKinds". Abort.
Print Assumptions all_of_NormalisationKinds.

Definition all_of_Theorem1 := (
  @Theorem1.theorem_1_eps,
  @Theorem1.theorem_1,
  @Theorem1.incoming_costs_sum_to_0,
  @Theorem1.theorem_1_others_none,
  @Theorem1.two_incoming_costs_are_opposite,
  @Theorem1.edge_differentiable,
  @Theorem1.theorem_1_any_loss,
  @Theorem1.theorem_1_relu_conv_norm,
  @Theorem1.theorem_1_conv_relu_norm,
  @Theorem1.theorem_1_conv_norm_relu,
  @Theorem1.skip_keeps_cost,
  @Theorem1.skip_exception
).
Goal True. idtac "= Theorem1". Abort.
Print Assumptions all_of_Theorem1.

Definition all_of_Theorem1Literal := (
  @Theorem1Literal.theorem_1_literal_fails,
  @Theorem1Literal.batch_norm_per_sample_fails
).
Goal True. idtac "= Theorem1Literal". Abort.
Print Assumptions all_of_Theorem1Literal.

Definition all_of_Theorem1Samples := (
  @Theorem1Samples.theorem_1_layer_norm_sample,
  @Theorem1Samples.theorem_1_instance_norm_sample,
  @Theorem1Samples.theorem_1_group_norm_sample,
  @Theorem1Samples.relu_conv_keeps_cost_by_sample
).
Goal True. idtac "= Theorem1Samples". Abort.
Print Assumptions all_of_Theorem1Samples.

Definition all_of_Theorem2 := (
  @Theorem2.logit_cost_is_L_minus_H,
  @Theorem2.loss_grad,
  @Theorem2.theorem_2_logits,
  @Theorem2.eq12_misprint,
  @Theorem2.proportional_misprint,
  @Theorem2.bias_in_logits
).
Goal True. idtac "= Theorem2". Abort.
Print Assumptions all_of_Theorem2.

Definition all_of_Theorem2Sign := (
  @Theorem2Sign.cost_nonpos_when_correct,
  @Theorem2Sign.cost_zero_when_correct,
  @Theorem2Sign.softmax_mean_ge,
  @Theorem2Sign.softmax_mean_gt,
  @Theorem2Sign.cost_nonneg_random_label,
  @Theorem2Sign.cost_pos_random_label
).
Goal True. idtac "= Theorem2Sign". Abort.
Print Assumptions all_of_Theorem2Sign.

Definition all_of_Theorem2Head := (
  @Theorem2Head.theorem_2_bias,
  @Theorem2Head.theorem_2,
  @Theorem2Head.head_grad_correct,
  @Theorem2Head.theorem_2_sample,
  @Theorem2Head.loss_misprint
).
Goal True. idtac "= Theorem2Head". Abort.
Print Assumptions all_of_Theorem2Head.

Definition all_of_Network := (
  @Network.backpropagation_is_gradient
).
Goal True. idtac "= Network". Abort.
Print Assumptions all_of_Network.

Definition all_of_NetworkSolutions := (
  @NetworkSolutions.values_exist,
  @NetworkSolutions.gradients_exist
).
Goal True. idtac "= NetworkSolutions". Abort.
Print Assumptions all_of_NetworkSolutions.

Definition all_of_CellCost := (
  @CellCost.node_cost_is_incoming,
  @CellCost.node_cost_is_sent_back,
  @CellCost.cost_is_conserved,
  @CellCost.paths_through_consumer,
  @CellCost.sent_back_by_cost_keeping_edge,
  @CellCost.theorem_1_in_network,
  @CellCost.theorem_1_every_intermediate_edge,
  @CellCost.mixture_cost,
  @CellCost.mixture_differentiable
).
Goal True. idtac "= CellCost". Abort.
Print Assumptions all_of_CellCost.

Definition all_of_Corollary12 := (
  @Corollary12.none_sends_nothing_back,
  @Corollary12.operation_cost,
  @Corollary12.edge_sends_back,
  @Corollary12.edge_sends_back_eps_0,
  @Corollary12.output_edges_sum,
  @Corollary12.all_edges_sum,
  @Corollary12.corollary_1_2_eps,
  @Corollary12.corollary_1_2,
  @Corollary12.output_cost_is_residuals,
  @Corollary12.output_edges_sum_to_0,
  @Corollary12.all_edges_sum_to_skip_shares,
  @Corollary12.all_edges_sum_to_0_without_skip,
  @Corollary12.last_output_cost
).
Goal True. idtac "= Corollary12". Abort.
Print Assumptions all_of_Corollary12.

Definition all_of_Corollary12Samples := (
  @Corollary12Samples.output_edges_sum_to_0_by_sample
).
Goal True. idtac "= Corollary12Samples". Abort.
Print Assumptions all_of_Corollary12Samples.

Definition all_of_MinimalCell := (
  @MinimalCell.minimal_cell_eps,
  @MinimalCell.minimal_cell
).
Goal True. idtac "= MinimalCell". Abort.
Print Assumptions all_of_MinimalCell.

Definition all_of_Refuted := (
  @Refuted.layer_norm_per_channel_fails,
  @Refuted.last_cell_does_not_sum_to_0
).
Goal True. idtac "= Refuted". Abort.
Print Assumptions all_of_Refuted.

Definition all_of_ArchitectureGradients := (
  @ArchitectureGradients.weight_gradient,
  @ArchitectureGradients.relaxed_gradient,
  @ArchitectureGradients.darts_alpha_gradient,
  @ArchitectureGradients.snas_alpha_gradient,
  @ArchitectureGradients.darts_gradient_as_in_the_paper,
  @ArchitectureGradients.weighted_reading_at_equal_alphas,
  @ArchitectureGradients.alpha_gradient_sums_to_0,
  @ArchitectureGradients.proxyless_alpha_gradient,
  @ArchitectureGradients.shared_alpha_gradient,
  @ArchitectureGradients.straight_through_exact_for_linear_loss,
  @ArchitectureGradients.weighted_reading_fails
).
Goal True. idtac "= ArchitectureGradients". Abort.
Print Assumptions all_of_ArchitectureGradients.

Definition all_of_ScoreFunction := (
  @ScoreFunction.log_probability_gradient,
  @ScoreFunction.baseline_has_no_effect,
  @ScoreFunction.score_function_unbiased,
  @ScoreFunction.score_function_unbiased_joint,
  @ScoreFunction.dsnas_alpha_gradient,
  @ScoreFunction.dsnas_unbiased_for_the_loss_iff,
  @ScoreFunction.dsnas_biased_for_the_loss,
  @ScoreFunction.straight_through_biased,
  @ScoreFunction.straight_through_is_not_darts,
  @ScoreFunction.snas_score
).
Goal True. idtac "= ScoreFunction". Abort.
Print Assumptions all_of_ScoreFunction.

Definition all_of_CalibrationGap := (
  @CalibrationGap.calibrated_cost_is_0,
  @CalibrationGap.gap_of_label_distribution,
  @CalibrationGap.expected_cost_nonneg_exchangeable,
  @CalibrationGap.finite_draws_are_an_expectation,
  @CalibrationGap.two_classes_wrong_is_positive,
  @CalibrationGap.three_classes_wrong_may_be_negative
).
Goal True. idtac "= CalibrationGap". Abort.
Print Assumptions all_of_CalibrationGap.

Definition all_of_LogitScale := (
  @LogitScale.gap_scale_derivative,
  @LogitScale.gap_increases_with_scale,
  @LogitScale.gap_strictly_increases_with_scale,
  @LogitScale.correct_gap_is_not_monotone,
  @LogitScale.wrong_gap_dips_and_changes_sign
).
Goal True. idtac "= LogitScale". Abort.
Print Assumptions all_of_LogitScale.

Definition all_of_InstanceNorm := (
  @InstanceNorm.eq16_path_cost,
  @InstanceNorm.eq16_cost,
  @InstanceNorm.instance_norm_plane_mean,
  @InstanceNorm.instance_norm_edge_plane_mean,
  @InstanceNorm.mixture_plane_mean,
  @InstanceNorm.instance_norm_zero_sum,
  @InstanceNorm.plane_means_agree,
  @InstanceNorm.logits_agree,
  @InstanceNorm.plane_means_are_0,
  @InstanceNorm.logits_are_0,
  @InstanceNorm.loss_is_ln_K,
  @InstanceNorm.no_parameter_gets_a_gradient,
  @InstanceNorm.relu_after_norm_is_not_degenerate
).
Goal True. idtac "= InstanceNorm". Abort.
Print Assumptions all_of_InstanceNorm.

Definition all_of_InstanceNormCosts := (
  @InstanceNormCosts.head_gradient_is_flat,
  @InstanceNormCosts.instance_norm_stops_flat,
  @InstanceNormCosts.normed_operation,
  @InstanceNormCosts.skip_operation,
  @InstanceNormCosts.mixture_operation,
  @InstanceNormCosts.slice_operation,
  @InstanceNormCosts.every_edge_costs_0
).
Goal True. idtac "= InstanceNormCosts". Abort.
Print Assumptions all_of_InstanceNormCosts.

Definition all_of_Rounding := (
  @Rounding.growth_le_gamma,
  @Rounding.computed_sum_growth,
  @Rounding.computed_sum_gamma,
  @Rounding.gamma_compose
).
Goal True. idtac "= Rounding". Abort.
Print Assumptions all_of_Rounding.

Definition all_of_IdentityBounds := (
  @IdentityBounds.zero_check,
  @IdentityBounds.zero_check_computed_scale,
  @IdentityBounds.check_after_k_roundings,
  @IdentityBounds.equality_check,
  @IdentityBounds.linear_identity_check,
  @IdentityBounds.sum_of_costs_check
).
Goal True. idtac "= IdentityBounds". Abort.
Print Assumptions all_of_IdentityBounds.

Definition all_of_Tolerance := (
  @Tolerance.rounded_product,
  @Tolerance.summed_error,
  @Tolerance.summed_abs_lower,
  @Tolerance.check_bound,
  @Tolerance.zero_check_bound,
  @Tolerance.balance_check_bound
).
Goal True. idtac "= Tolerance". Abort.
Print Assumptions all_of_Tolerance.

Definition all_of_InexactStatistics := (
  @InexactStatistics.norm_cost_inexact_statistics,
  @InexactStatistics.norm_backward_rounding,
  @InexactStatistics.norm_zero_cost_check
).
Goal True. idtac "= InexactStatistics". Abort.
Print Assumptions all_of_InexactStatistics.

Definition all_of_RelativeError := (
  @RelativeError.grow_le_gamma,
  @RelativeError.near_computed,
  @RelativeError.within_mean,
  @RelativeError.within_mean_product,
  @RelativeError.within_dot
).
Goal True. idtac "= RelativeError". Abort.
Print Assumptions all_of_RelativeError.

Definition all_of_NormStatistics := (
  @NormStatistics.rstd_upper,
  @NormStatistics.rstd_lower,
  @NormStatistics.mean_square_computed,
  @NormStatistics.mean_computed
).
Goal True. idtac "= NormStatistics". Abort.
Print Assumptions all_of_NormStatistics.

Definition all_of_NormRounding := (
  @NormRounding.entry_within,
  @NormRounding.xhat_sum_bound,
  @NormRounding.input_cost_bound,
  @NormRounding.sum_bound,
  @NormRounding.xhat_bound,
  @NormRounding.square_factor_bound
).
Goal True. idtac "= NormRounding". Abort.
Print Assumptions all_of_NormRounding.

Definition all_of_Eq8Rounding := (
  @Eq8Rounding.gradient_bound,
  @Eq8Rounding.rel_at_most_1
).
Goal True. idtac "= Eq8Rounding". Abort.
Print Assumptions all_of_Eq8Rounding.

Definition all_of_ChainRounding := (
  @ChainRounding.step_maps_to,
  @ChainRounding.scaled_step_maps_to,
  @ChainRounding.shared_step_maps_to,
  @ChainRounding.chain_maps_to,
  @ChainRounding.chain_bound,
  @ChainRounding.accumulated_bound,
  @ChainRounding.node_bound
).
Goal True. idtac "= ChainRounding". Abort.
Print Assumptions all_of_ChainRounding.

Definition all_of_FlatRounding := (
  @FlatRounding.flat_gradient_bound,
  @FlatRounding.noise_through_weights,
  @FlatRounding.flat_cost_bound,
  @FlatRounding.accumulated_noise,
  @FlatRounding.small_growth
).
Goal True. idtac "= FlatRounding". Abort.
Print Assumptions all_of_FlatRounding.

Definition all_of_HeadRounding := (
  @HeadRounding.feature_gradient_bound,
  @HeadRounding.head_cost_bound
).
Goal True. idtac "= HeadRounding". Abort.
Print Assumptions all_of_HeadRounding.

Definition all_of_SoftmaxRounding := (
  @SoftmaxRounding.softmax_near,
  @SoftmaxRounding.log_softmax_near,
  @SoftmaxRounding.slope_within,
  @SoftmaxRounding.logit_sum_within,
  @SoftmaxRounding.closed_form_within,
  @SoftmaxRounding.scale_near
).
Goal True. idtac "= SoftmaxRounding". Abort.
Print Assumptions all_of_SoftmaxRounding.

Definition all_of_AlphaRounding := (
  @AlphaRounding.tape_within,
  @AlphaRounding.claimed_within,
  @AlphaRounding.alpha_check_bound
).
Goal True. idtac "= AlphaRounding". Abort.
Print Assumptions all_of_AlphaRounding.

Definition all_of_Instances := (
  @Instances.four_numbers_match,
  @Instances.all_cells_are_lawful,
  @Instances.plain_cell_sums_to_0,
  @Instances.skip_cell_does_not_sum_to_0,
  @Instances.plain_cell_path_is_not_0,
  @Instances.plain_cell_node_is_not_0
).
Goal True. idtac "= Instances". Abort.
Print Assumptions all_of_Instances.
