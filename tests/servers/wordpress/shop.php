<?php
// Stands in for the WooCommerce plugin, which no registry ships: just the calls that the provider's file makes, over WordPress' own users,
// rights and media library.
add_action('rest_api_init', function () {
    $may = fn() => current_user_can('edit_others_posts');
    $shown = function (int $id) {
        $product = get_option('shop_products')[$id] ?? null;
        if (!$product) return new WP_Error('woocommerce_rest_product_invalid_id', 'Invalid ID.', ['status' => 404]);
        $images = array_map(fn($image) => ['id' => $image, 'src' => wp_get_attachment_url($image), 'name' => get_the_title($image), 'alt' => get_post_meta($image, '_wp_attachment_image_alt', true)], $product['images']);
        return ['id' => $id, 'name' => $product['name'], 'type' => 'simple', 'status' => 'publish', 'sku' => "S-$id", 'price' => '19.90', 'permalink' => home_url("/product/$id/"), 'date_modified_gmt' => '2026-01-01T00:00:00', 'images' => $images];
    };
    register_rest_route('wc/v3', '/data/currencies/current', ['methods' => 'GET', 'permission_callback' => $may, 'callback' => fn() => ['code' => 'EUR']]);
    register_rest_route('wc/v3', '/products', ['methods' => 'GET', 'permission_callback' => $may, 'callback' => function () use ($shown) {
        $all = array_map($shown, array_keys(get_option('shop_products')));
        return new WP_REST_Response($all, 200, ['X-WP-Total' => (string) count($all)]);
    }]);
    register_rest_route('wc/v3', '/products/(?P<id>\d+)', [
        ['methods' => 'GET', 'permission_callback' => $may, 'callback' => fn($request) => $shown((int) $request['id'])],
        ['methods' => 'PUT', 'permission_callback' => $may, 'callback' => function ($request) use ($shown) {
            $all = get_option('shop_products');
            $images = [];
            foreach ($request['images'] as $image) {
                $id = (int) ($image['id'] ?? 0);
                if (!wp_attachment_is_image($id)) return new WP_Error('woocommerce_product_invalid_image_id', "#$id is an invalid image ID.", ['status' => 400]);
                if (!empty($image['alt'])) update_post_meta($id, '_wp_attachment_image_alt', $image['alt']);
                if (!empty($image['name'])) wp_update_post(['ID' => $id, 'post_title' => $image['name']]);
                $images[] = $id;
            }
            $all[(int) $request['id']]['images'] = $images;
            update_option('shop_products', $all);
            return $shown((int) $request['id']);
        }],
    ]);
});
